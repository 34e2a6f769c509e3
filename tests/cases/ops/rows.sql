create extension citext;

create extension hstore;

create type state as enum ('open', 'it''s :closed');

create domain age as int check (value > 0);

create type pair as (a int, b text);

create table every (
  id int primary key, a smallint, b bigint, c numeric, d numeric(12,4), e bool, f text, g varchar(40), h char(5), i uuid, j state, k state[],
  l date, m time, n timestamptz, o timestamp(3), p interval, q json, r jsonb, s inet, t int[], u text[], v citext, w hstore, x float8, y real, z age,
  aa pair, bb tsvector, cc int4range, dd "char", ee money, ff oid, gg xml, hh text generated always as (f || 'x') stored, ii text collate "C", jj citext collate "C", kk public.age[]
)

insert into every (id) values (1)

insert into every (id, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee, ff, gg, ii, jj, kk) values
  (2, -32768, 9223372036854775807, 1.50, -0.0001, true, 'it''s "x" :y ünï 🎉', '', 'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'it''s :closed', '{open,"it''s :closed"}',
   '2024-02-29', '12:30:45.123456', '2024-01-01 12:00:00.123456+05:30', '0044-03-15 00:00:00 BC', '1 year 2 mons 3 days -04:05:06.7', '{"a" : 1, "a": 2}', '{"b": null, "c": [1, 2.50]}', '10.0.0.1/8', '{1,NULL,3}', '{"a b",NULL,"c,d","NULL"}', 'CiTeXt',
   '"a"=>"1", "b"=>NULL', 0.1, 3.4028235e38, 7, '(1,"a b")', '''a'':1 ''b'':2', '[1,10)', 'x', 1234.56, 4294967295, '<a b="c">d</a>', 'c', 'D', '{1,2}')

insert into every (id, c, d, e, f, x, y, n, l, p, t, k, kk) values
  (3, 0, 0, false, E'two\nlines', 'NaN', '-Infinity', 'infinity', '-infinity', '0', '{}', '{}', '{}'), (4, 123456789012345678901234567890.123456789, 99999999.9999, null, ' ', 1e-300, 1e10, '-infinity', 'infinity', '-1 day', '{{1,2},{3,4}}', null, null),
  (5, 0.000000000000000000001, 1, true, 'null', 5, 5, null, null, null, null, null, null), (6, 6, null, null, 'None', -0.0, 1.5, null, null, null, null, null, null)

create table plain (id int, c numeric, d numeric(5,2), e bool, f text, j state);

insert into plain values (3, 0, 0, true, 'c', 'open'), (1, 0.00, 1.10, false, '', null), (2, -12.340, -1, null, null, 'it''s :closed'), (2, 100, 12.3, null, 'dup', 'open'), (null, 1e20, null, null, 'x', null), (1, 1e-9, null, null, 'x', null)

create table with_nan (a numeric);

insert into with_nan values ('NaN'), (1)

create table with_percent (a text);

insert into with_percent values ('100%'), ('x')

create table with_slash (a text, b bytea);

insert into with_slash values ('a\b', '\xdeadbeef')

create table with_tab (a text);

insert into with_tab values (E'a\tb')

create table with_control (a text);

insert into with_control values (E'a\r\nb')

create table with_bits (a bit(3));

insert into with_bits values (B'101')

create table defaults (id int generated always as identity, a jsonb default '{}', b timestamptz default now(), c text default 'x');

insert into defaults (a, b, c) values (null, null, null)

create table json_nulls (a jsonb, b json, c int);

insert into json_nulls values ('null', 'null', 1), (null, null, 2)

create table fresh (id int primary key, made timestamptz default now(), token uuid default gen_random_uuid());

insert into fresh (id) values (1), (2)

create table only_fresh (made timestamptz default clock_timestamp());

insert into only_fresh default values

create table nothing ();

insert into nothing default values

create table odd ("a b" int, "from" int, "c""d" text, "1st" int);

insert into odd values (1, 2, 'x', 3)

create table reserved ("from" int, "select" text, "values" int, "return" text, "class" text);

insert into reserved values (1, 'b', 3, 'c', 'd')

create table selfish (self int);

insert into selfish values (1)

create table parents (id int primary key);

create table children (id int primary key, parent int references parents, sibling int references children);

insert into parents values (1)

insert into children values (1, 1, null), (2, null, 1)

create table many (id int, b text);

insert into many select n, 'row ' || n from generate_series(1, 2500) as n

create function stamp() returns trigger language plpgsql as $$ begin new.f := 'changed'; return new; end $$

create trigger stamp before insert on every for each row execute function stamp()
