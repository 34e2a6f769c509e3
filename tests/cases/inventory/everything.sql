-- One of everything that PostgreSQL 12 knows. Used on every major.
CREATE ROLE keeper;
CREATE ROLE reader;

CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'all of the shop';
CREATE SCHEMA "Odd Schema" AUTHORIZATION keeper;
GRANT USAGE ON SCHEMA shop TO reader;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE TYPE shop.status AS ENUM ('new', 'it''s done');
ALTER TYPE shop.status ADD VALUE 'paid' BEFORE 'it''s done';
CREATE TYPE shop.address AS (street text, zip varchar(10));
COMMENT ON COLUMN shop.address.zip IS 'of the post';
ALTER TYPE shop.address OWNER TO keeper;
CREATE TYPE shop.stub;
CREATE TYPE shop.span AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
CREATE COLLATION shop.plain (PROVIDER = libc, LOCALE = 'C');
CREATE DOMAIN shop.email AS varchar(200) COLLATE "C" DEFAULT 'nobody@example.org' NOT NULL
    CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
ALTER DOMAIN shop.email ADD CONSTRAINT not_short CHECK (length(VALUE) > 3) NOT VALID;
REVOKE USAGE ON TYPE shop.status FROM PUBLIC;

CREATE FUNCTION shop.complex_in(cstring) RETURNS shop.stub LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION shop.complex_out(shop.stub) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE shop.stub (INPUT = shop.complex_in, OUTPUT = shop.complex_out, LIKE = text, CATEGORY = 'S');
CREATE TYPE shop.still_a_shell;

CREATE TABLE shop.customer (
    id integer GENERATED ALWAYS AS IDENTITY (START 100 CACHE 5) PRIMARY KEY,
    gone text,
    email shop.email,
    name text COLLATE "C" NOT NULL,
    "Full Name" text GENERATED ALWAYS AS (upper(name)) STORED,
    address shop.address,
    state varchar(20) DEFAULT 'new' CHECK (state IN ('new', 'paid')),
    born date,
    tags text[] DEFAULT '{}',
    since timestamptz DEFAULT '2024-01-01 00:00:00+00',
    CONSTRAINT customer_email_key UNIQUE (email) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
ALTER TABLE shop.customer DROP COLUMN gone;
ALTER TABLE shop.customer ALTER tags SET STORAGE MAIN, ALTER name SET STATISTICS 500,
    ALTER born SET (n_distinct = 50), REPLICA IDENTITY FULL;
ALTER TABLE shop.customer ADD CONSTRAINT grown CHECK (born < '2020-01-01') NOT VALID;
COMMENT ON TABLE shop.customer IS 'who buys';
COMMENT ON COLUMN shop.customer.born IS 'day of birth';
COMMENT ON CONSTRAINT grown ON shop.customer IS 'no children';
GRANT SELECT, UPDATE ON shop.customer TO reader WITH GRANT OPTION;
GRANT UPDATE (name) ON shop.customer TO keeper;
GRANT INSERT ON shop.customer TO PUBLIC;
REVOKE TRUNCATE ON shop.customer FROM CURRENT_USER;

CREATE TABLE shop.orders (
    id serial PRIMARY KEY,
    customer integer REFERENCES shop.customer ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE,
    during tstzrange,
    total numeric(10, 2) DEFAULT 0 NOT NULL,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)
);
CREATE INDEX orders_total_idx ON shop.orders (total DESC NULLS LAST, (total * 2)) INCLUDE (customer) WHERE total > 0;
ALTER INDEX shop.orders_total_idx ALTER COLUMN 2 SET STATISTICS 77;
COMMENT ON INDEX shop.orders_total_idx IS 'for the report';
CREATE UNIQUE INDEX orders_one ON shop.orders (customer, id) WITH (fillfactor = 50);
ALTER TABLE shop.orders CLUSTER ON orders_one;
CREATE STATISTICS shop.orders_stat (dependencies) ON customer, total FROM shop.orders;
ALTER TABLE shop.orders OWNER TO keeper;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON shop.orders AS RESTRICTIVE FOR UPDATE TO reader, keeper USING (total < 10) WITH CHECK (total < 5);
CREATE POLICY all_of_it ON shop.orders;

CREATE UNLOGGED TABLE shop.cache (key text, value jsonb);
ALTER TABLE shop.cache ADD UNIQUE (key);
-- A keyword from 17 on; and a NOT NULL whose name does not follow the table's, from 18 on.
CREATE TABLE shop.first_name (json_scalar integer NOT NULL);
CREATE INDEX ON shop.first_name (json_scalar);
ALTER TABLE shop.first_name RENAME TO second_name;
CREATE TABLE shop.parent (a integer NOT NULL, CONSTRAINT positive CHECK (a > 0));
CREATE TABLE shop.child (b integer) INHERITS (shop.parent);
CREATE TABLE shop.typed OF shop.address (PRIMARY KEY (zip));

CREATE TABLE shop.event (id integer, day date NOT NULL, kind varchar(10) CHECK (kind IN ('a', 'b'))) PARTITION BY RANGE (day);
CREATE TABLE shop.event_2023 PARTITION OF shop.event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.event_rest PARTITION OF shop.event DEFAULT PARTITION BY LIST (kind);
CREATE TABLE shop.event_a PARTITION OF shop.event_rest FOR VALUES IN ('a');
CREATE INDEX event_day_idx ON shop.event (day);
ALTER TABLE shop.event ADD PRIMARY KEY (id, day, kind);
CREATE TABLE shop.note (id integer, day date, kind varchar(10), FOREIGN KEY (id, day, kind) REFERENCES shop.event);

CREATE SEQUENCE shop.number AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 10 START 4 CACHE 3 CYCLE;
GRANT USAGE ON SEQUENCE shop.number TO reader;
CREATE SEQUENCE shop.owned OWNED BY shop.note.id;

CREATE VIEW shop.cheap WITH (security_barrier = true, check_option = local) AS
    SELECT id, total FROM shop.orders WHERE total < 5;
CREATE VIEW shop.aliased AS SELECT o.id, 'not o.id' AS text, count(*) AS "o.id"
    FROM shop.orders AS o WHERE EXISTS (SELECT FROM shop.customer c WHERE c.id = o.customer) GROUP BY o.id;
CREATE VIEW shop.series AS SELECT g.n, (SELECT max(s.total) FROM shop.orders AS s WHERE s.id > g.n) FROM generate_series(1, 3) AS g (n);
CREATE VIEW shop.nested AS SELECT q.id FROM (SELECT id FROM shop.orders UNION SELECT id FROM shop.customer) AS q;
CREATE VIEW shop.joined AS SELECT o.id, c.name FROM shop.orders o, shop.customer c WHERE o.customer = c.id;
ALTER VIEW shop.cheap ALTER COLUMN total SET DEFAULT 1;
CREATE MATERIALIZED VIEW shop.sums AS SELECT customer, sum(total) AS total FROM shop.orders GROUP BY customer;
CREATE UNIQUE INDEX ON shop.sums (customer);
CREATE MATERIALIZED VIEW shop.empty AS SELECT 1 AS one WITH NO DATA;
CREATE RULE no_delete AS ON DELETE TO shop.cache WHERE old.key = 'x' DO INSTEAD NOTHING;
ALTER TABLE shop.cache DISABLE RULE no_delete;

CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, pg_temp AS $$
begin
    new.total := new.total + 0; -- it's nothing
    return new;
end $$;
REVOKE EXECUTE ON FUNCTION shop.touch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.touch() TO reader;
CREATE FUNCTION shop.half(a numeric, b numeric DEFAULT 2, VARIADIC c integer[] DEFAULT '{}') RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'select a / b';
CREATE FUNCTION shop.rows(OUT a integer, OUT b text) RETURNS SETOF record LANGUAGE sql ROWS 5 AS 'select 1, ''x''';
CREATE PROCEDURE shop.clean(INOUT a integer) LANGUAGE plpgsql AS 'begin a := 1; end';
CREATE AGGREGATE shop.total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0', PARALLEL = SAFE);
CREATE TRIGGER touch BEFORE UPDATE OF total ON shop.orders FOR EACH ROW WHEN (old.total IS DISTINCT FROM new.total)
    EXECUTE FUNCTION shop.touch();
CREATE TRIGGER off BEFORE INSERT ON shop.orders FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.orders DISABLE TRIGGER off;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON shop.parent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER each_event AFTER INSERT ON shop.event FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION shop.watch();
ALTER EVENT TRIGGER watch ENABLE REPLICA;

CREATE FUNCTION shop.to_money_text(numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'select ''EUR '' || $1';
CREATE CAST (shop.status AS numeric) WITH INOUT AS ASSIGNMENT;
CREATE FUNCTION shop.same(shop.address, shop.address) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select ($1).zip = ($2).zip';
CREATE OPERATOR shop.=== (LEFTARG = shop.address, RIGHTARG = shop.address, FUNCTION = shop.same, COMMUTATOR = OPERATOR(shop.===), RESTRICT = eqsel, HASHES);
CREATE OPERATOR shop.!! (RIGHTARG = numeric, FUNCTION = shop.to_money_text);
CREATE OPERATOR FAMILY shop.fam USING btree;
CREATE OPERATOR CLASS shop.backwards FOR TYPE integer USING btree FAMILY shop.fam AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE shop.other_method (a integer) USING heap_again;
CREATE CONVERSION shop.to_latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TEXT SEARCH DICTIONARY shop.words (TEMPLATE = simple, ACCEPT = false);
CREATE TEXT SEARCH CONFIGURATION shop.search (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION shop.search ALTER MAPPING FOR asciiword WITH shop.words, simple;
CREATE TEXT SEARCH PARSER shop.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE shop.template (LEXIZE = dsimple_lexize);

CREATE FOREIGN DATA WRAPPER wrapper OPTIONS (library 'x');
CREATE SERVER remote TYPE 'fast' VERSION '1' FOREIGN DATA WRAPPER wrapper OPTIONS (host 'far');
GRANT USAGE ON FOREIGN SERVER remote TO reader;
CREATE USER MAPPING FOR CURRENT_USER SERVER remote OPTIONS ("user" 'bob');
CREATE USER MAPPING FOR PUBLIC SERVER remote;
CREATE FOREIGN TABLE shop.far (a integer OPTIONS (name 'A') NOT NULL, CHECK (a > 0)) SERVER remote OPTIONS (tab 'x');

CREATE PUBLICATION chosen FOR TABLE shop.orders, shop.customer WITH (publish = 'insert, update');
CREATE PUBLICATION everything FOR ALL TABLES;

ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO reader;
GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO reader;
GRANT ALL ON shop.note TO reader;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
