create table z_rows (id int primary key, a text);

create function takes_row(z_rows) returns text language sql immutable as $$ select $1.a $$

create table y_uses (a text default takes_row(row(1, 'x')::z_rows), b int check (b > 0));

create function checks(int) returns bool language sql immutable as $$ select $1 > 0 $$

create table a_checked (id int primary key, check (checks(id)), b int generated always as (id + 1) stored);

create domain d_checked as int check (checks(value));

create table b_domain (a d_checked default 5, b d_checked[]);

create index b_domain_a on b_domain (a) where a > 3::d_checked

create function atomic() returns bigint language sql begin atomic select count(*) from b_domain; end

create table c_default (a bigint default atomic(), b int);

create view v_grouped as select id, a from z_rows group by id

create table d_type (a v_grouped, b z_rows[]);

create type state as enum ('a');

create cast (text as state) with inout as implicit

create table e_cast (a state default 'a'::text);

create function less(int, int) returns bool language sql immutable as $$ select $1 < $2 $$

create operator <<< (procedure = less, leftarg = int, rightarg = int)

create table f_operator (a int check (a operator(public.<<<) 5), b int);

create index f_partial on f_operator (a) where a operator(public.<<<) 9

create function self_check(int) returns bool language plpgsql immutable as $$ begin return (select count(*) from public.g_self) < 100; end $$

create table g_self (a int constraint limited check (self_check(a)), b serial primary key);

insert into z_rows values (1, 'x')

insert into g_self values (1), (2)

create rule no_delete as on delete to g_self do instead nothing

create policy p on g_self using (a > 0)

create statistics s on a, b from f_operator

grant select (a), update on f_operator to public

create publication pub for table z_rows
