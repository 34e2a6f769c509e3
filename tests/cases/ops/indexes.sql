create extension pg_trgm;

create schema ext;

create extension unaccent schema ext;

create type state as enum ('open', 'closed');

create domain public.short as varchar(10);

create function plain(text) returns text language sql immutable as 'select upper($1)'

create table t (id int primary key, a text, b varchar(9), c int, d jsonb, e int[], f tsvector, g state, h short, i timestamptz);

create function wrapped(t text) returns text language sql immutable as $$ select ext.unaccent(t) $$

create function on_row(t) returns text language sql immutable as $$ select $1.a $$

create index i01 on t (a);

create unique index i02 on t (a, c);

create index i03 on t (a desc, c nulls first, b desc nulls last)

create index i04 on t (lower(a), upper(b), (a || b))

create index i05 on t using hash (a)

create index i06 on t using gin (d jsonb_path_ops, e)

create index i07 on t using gin (a gin_trgm_ops)

create index i08 on t (a text_pattern_ops, b varchar_pattern_ops desc)

create index i09 on t (a) include (b, c)

create unique index i10 on t (a, b) nulls not distinct

create index i11 on t (c) with (fillfactor = 70)

create index i12 on t using gin (d) with (fastupdate = off)

create index i13 on t using brin (i) with (pages_per_range = 32, autosummarize = on)

create index i14 on t (c) where g = 'open' and a is not null

create index i15 on t (c) where a in ('x', 'y') or c between 1 and 2

create index i16 on t (plain(a))

create index i17 on t (wrapped(a))

create index i18 on t (on_row(t))

create index i19 on t (a collate "C", b collate "de-x-icu" desc)

create index i20 on t (a, a text_pattern_ops)

create index i21 on t using gist (f tsvector_ops (siglen = 100))

create index i22 on t using gist (a gist_trgm_ops (siglen = 32))

create index i23 on t ((d ->> 'a'), (d #>> '{a,b}'), ((d -> 'x')::text))

create index i24 on t (cast(c as text) text_pattern_ops) where c > 0

create index i25 on t (coalesce(a, ''), (case when c > 0 then 1 else 2 end))

create index i26 on t (date_trunc('day', i at time zone 'UTC'))

create index i27 on t (h, (h::text))

create unique index i28 on t ((1)) where c = 7

alter index i04 alter column 1 set statistics 500

comment on index i01 is 'first'

create materialized view m as select a, c from t with no data

create unique index m_a on m (a)

create table later (a text);

create function needs_later(text) returns text language plpgsql immutable as $$ begin return (select count(*) from public.later)::text || $1; end $$

create index i30 on t (needs_later(a))

insert into t (id, a, c, g, h) values (1, 'x', 3, 'open', 'y'), (2, 'ü', 4, 'closed', 'z')
