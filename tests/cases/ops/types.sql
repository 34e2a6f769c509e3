create extension citext;

create extension hstore;

create schema ext;

create extension ltree schema ext;

create type mood as enum ('sad', 'it''s ok', 'ünï "code"');

create type ext."Mood" as enum ('a', 'b:c');

create type "100%" as enum ('100 %', 'back\slash');

create type empty as enum ();

create domain age as int check (value > 0);

create type point3 as (x float8, y float8, z float8);

create collation public.german (provider = libc, locale = 'C');

create table kinds (
  a01 smallint, a02 int, a03 bigint, a04 numeric, a05 numeric(10), a06 numeric(10,3), a07 real,
  a08 double precision, a09 money, a10 boolean,
  b01 text, b02 varchar, b03 varchar(20), b04 char(5), b05 bpchar, b06 "char", b07 name, b08 citext,
  b09 text collate "C", b10 varchar(5) collate "POSIX", b11 text collate german, b12 text[] collate "C",
  b13 citext collate german,
  c01 date, c02 time, c03 time(3), c04 timetz, c05 timetz(0), c06 timestamp, c07 timestamp(6),
  c08 timestamptz, c09 timestamptz(3), c10 interval, c11 interval(2), c12 interval year to month,
  c13 interval day to second(3), c14 interval second(0),
  d01 json, d02 jsonb, d03 xml, d04 uuid, d05 bytea, d06 hstore, d07 ext.ltree, d08 tsvector, d09 tsquery,
  e01 inet, e02 cidr, e03 macaddr, e04 macaddr8, e05 bit, e06 bit(8), e07 varbit, e08 varbit(9), e09 oid,
  e10 regclass, e11 regconfig, e12 pg_lsn, e13 point, e14 box, e15 jsonpath,
  f01 int4range, f02 int8range, f03 numrange, f04 tsrange, f05 tstzrange, f06 daterange, f07 int4multirange,
  f08 datemultirange, f09 tstzmultirange[],
  g01 mood, g02 mood[], g03 ext."Mood" default 'b:c', g05 age, g06 point3, g07 empty,
  h01 int[], h02 text[][], h03 varchar(3)[], h04 timestamptz(3)[], h05 jsonb[], h06 age[], h07 numeric(5,2)[]
)

create table odd_type (a "100%", b mood);

create table none ();
