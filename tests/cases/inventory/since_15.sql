-- What came with PostgreSQL 13, 14 and 15.
CREATE TYPE shop.far_span AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = shop.far_spans);
CREATE FUNCTION shop.atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 1; SELECT a * 2; END;
CREATE VIEW shop.invoker WITH (security_invoker = true) AS SELECT c.id FROM shop.customer c JOIN shop.orders o ON o.customer = c.id;
CREATE TABLE shop.newer (a text COMPRESSION pglz, b integer, UNIQUE NULLS NOT DISTINCT (b));
CREATE STATISTICS shop.newer_stat ON lower(a), b FROM shop.newer;
ALTER STATISTICS shop.newer_stat SET STATISTICS 9;
CREATE PUBLICATION schemas FOR TABLES IN SCHEMA shop WITH (publish_via_partition_root = true);
CREATE PUBLICATION columns FOR TABLE shop.newer (b) WHERE (b > 0);
CREATE UNLOGGED SEQUENCE shop.fast;
CREATE TRIGGER renamed AFTER INSERT ON shop.event FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.event_a DISABLE TRIGGER renamed;
