create table base (id int not null, a text default 'x', constraint positive check (id > 0));

create table derived (b int) inherits (base);

alter table base add constraint base_key primary key (id)

create index base_a on base (a)

create table parts (id int not null, at date not null, note text, primary key (id, at)) partition by range (at);

create table parts_2024 partition of parts for values from ('2024-01-01') to ('2025-01-01');

create table parts_more (note text, at date not null, id int not null);

alter table parts attach partition parts_more default

create index on parts (note)

create table refers (id int primary key, part int, at date, foreign key (part, at) references parts);

alter table parts add constraint noted check (note <> 'x')

create type row_type as (a int, b text);

create table typed of row_type (primary key (a));

create unlogged table scratch (a int primary key, b text);

create table filled (a int primary key, b text) with (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false)

create table stored (a text, b text compression pglz, c int, d jsonb);

alter table stored alter a set storage external

alter table stored alter c set statistics 500

alter table stored alter c set (n_distinct = 5)

alter table stored replica identity full

alter table stored enable row level security

create table counted (id serial primary key, a text default 'x');

create table counted_child (b int) inherits (counted);

comment on table base is 'a parent'

comment on column parts.id is 'part'

insert into base values (1), (2)

insert into derived values (3, 'y', 4)

insert into parts values (1, '2024-05-05', 'a'), (2, '2030-01-01', 'b')

insert into counted (a) values ('x')
