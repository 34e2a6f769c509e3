create extension btree_gist;

create table parent (a int, b int, c int, d text, primary key (a, b), unique (b), unique (c), unique (d), constraint later unique (a) deferrable, constraint latest unique (b, c) deferrable initially deferred);

create table other (id int primary key deferrable initially deferred, a int, b int, parent_b int references parent (b));

create table child (
  id bigint constraint "child key" primary key,
  a int, b int, c int, d text, e int, f int, g int, h int,
  constraint one foreign key (a, b) references parent match full on delete cascade on update set null,
  constraint two foreign key (c) references parent (c) on delete set default on update restrict deferrable,
  constraint three foreign key (d) references parent (d) on delete no action on update cascade deferrable initially deferred,
  constraint four foreign key (e, f) references parent on delete set null (f),
  constraint five foreign key (g) references child on delete restrict
)

alter table child add constraint six foreign key (h) references parent (b) not valid

alter table child add constraint seven check (a > 0) not valid

alter table child add constraint eight check (a > 0) no inherit

alter table child add constraint nine unique nulls not distinct (a, b)

alter table child add constraint ten unique (c) include (d)

alter table child add constraint eleven unique (e) with (fillfactor = 70)

alter table child add constraint twelve check (a is not null or b is not null)

create table circle_a (id int primary key, b int unique);

create table circle_b (id int primary key, a int unique references circle_a);

alter table circle_a add foreign key (b) references circle_b deferrable

create table booking (
  room int not null, during tsrange not null, active bool, note text,
  constraint plain exclude using gist (room with =, during with &&),
  constraint partial exclude using gist (room with =, during with &&) where (active and note <> ':x') deferrable initially deferred,
  constraint expression exclude using gist (tsrange(lower(during), upper(during), '[]') with &&),
  constraint qualified exclude using gist (room gist_int4_ops with =),
  exclude (room with =),
  constraint unequal exclude using gist (room with =, note with <>)
)

create table covered (a int, b int, c text, primary key (a) include (b), constraint pair unique nulls not distinct (b) include (c));

alter table parent replica identity using index parent_b_key

alter table child cluster on "child key"

create table twice (a int, b int, constraint a_unique unique (a), constraint a_key primary key (a), constraint a_again unique (a) deferrable, unique (b))

alter table twice add constraint b_again unique (b)

create table numbers (n numeric primary key);

create table small (n smallint primary key);

create table dated (d date primary key default current_date);

create table five (n int primary key default 5);
