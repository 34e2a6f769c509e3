-- What a squash refuses, or pg_dump cannot bring back; the inventory knows it all the same.
CREATE LANGUAGE other HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator;
CREATE FUNCTION shop.from_span(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'textrecv';
CREATE TRANSFORM FOR shop.span LANGUAGE other (FROM SQL WITH FUNCTION shop.from_span(internal));
SELECT lo_create(4711);
CREATE USER MAPPING FOR reader SERVER remote OPTIONS ("user" 'bob', password 'must not show', other 'must not show');
CREATE SUBSCRIPTION sub CONNECTION 'host=far password=must_not_show' PUBLICATION theirs WITH (connect = false, slot_name = 'here');
ALTER SERVER remote OPTIONS (ADD secret_key 'must not show');
ALTER FOREIGN TABLE shop.far OPTIONS (ADD passwd 'must not show');
