create schema "Über uns";

create schema "select";

create table "Über uns"."Preis ""pro"" Person" ("order" int primary key, "Ä b" text, "a.b" int, "x:y" int, user_id int);

create table "select"."table" ("from" int, "user" text, "limit" int, "between" int, "values" int, "MiXed" int, constraint "check" check ("from" > "limit"), constraint "Ünique" unique ("from", "MiXed"));

create index "Index: 1" on "select"."table" ("user", lower("user"), "MiXed" desc);

create table "50%" (a int);

create table percent ("a%" int, b int);

create table words ("lateral" int, b int);

create table "lateral" (a int constraint "concurrently" primary key);

create table x (a int constraint "tablesample" primary key, b int constraint "100%" unique);

create index "collation" on x (a);

create index "50% off" on x (a) where b > 1;

create table texts (
  id int primary key,
  a text default '100%', b text default '%s %(x)s %%', c text default ':x', d text default 'a:b :c::d', e jsonb default '{"a":1, "b": ":x"}',
  f text default 'back\slash', g text default E'new\nline', h text default E'ta\tb', i text default 'it''s "quoted"', j text default '"""', k text default 'ünï 🎉',
  l text default '\:x', m text default e'\\:x', n text default '12:30:45', o text default ' :a:', p text default E'\r\n', q text default '$1 ${x} {0}', r text default '''''', s time default '12:30', t text default E'\x01',
  constraint percent check (a not like '%z%'), constraint colon check (c <> ':z'), constraint slash check (f !~ '^\d+:\w+\\$'), constraint tabs check (h <> E'\tx'), constraint lines check (g <> E'a\nb :c'), constraint casts check (a::varchar::text <> 'x'::text), constraint mod check (id % 2 = 0), constraint slices check (('{1,2,3}'::int[])[:2] <> '{}'), constraint "odd: name" check (id > 0),
  u int generated always as (id * 2) stored
);

create table computed_percent (a int, v int generated always as (a % 2) stored);

create table computed (a text, b text generated always as (a || ':x' || 'a\:b') stored);

create index percents on texts (id) where a like '%x';

create index colons on texts ((a || ':x')) where c <> ':y';

create index tabs on texts (id) where h <> E'\t';

comment on table texts is 'plain, it''s "fine" :x ünï 🎉'

comment on column texts.a is '100%'

comment on column texts.b is 'back\slash'

comment on column texts.c is E'ta\tb'

comment on column texts.d is E'two\nlines: :a'

comment on column texts.e is ''' "" '

comment on table x is ' spaces '

comment on column x.a is '"""'

comment on column x.b is E'"\n"""'

comment on index percents is 'kept'

comment on constraint percent on texts is 'kept too'

insert into texts (id) values (2)

insert into texts (id, a, c, d, g, i, k) values (4, 'a', ':y', ' :x %s', E'\n:x', '''"', '🎉')

insert into "select"."table" values (3, ':x %(y)s', 1, 1, 1, 1)

insert into "Über uns"."Preis ""pro"" Person" values (1, 'x', 1, 1, 1)
