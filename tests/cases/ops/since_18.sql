create table renamed_before (id serial primary key, "A" int not null, b text)

alter table renamed_before rename to renamed

alter table renamed rename "A" to "B c"

create table first (a int not null)

create table second (a int not null)

alter table first rename to third

alter table second rename to first

create table computed (a int, b int generated always as (a * 2) virtual, c int generated always as (a * 3) stored)

create table kept (a int constraint positive check (a > 0) not enforced, b int constraint b_there not null, c int not null no inherit)

create table referred (id int primary key)

create table referring (a int constraint f references referred not enforced, b int constraint g references referred)

create table periods (id int4range, at tsrange, primary key (id, at without overlaps))

insert into computed (a) values (1), (2)
