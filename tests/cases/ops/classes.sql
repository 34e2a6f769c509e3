create function by_length(text, text) returns int language sql immutable as $$ select length($1) - length($2) $$

create function shorter(text, text) returns bool language sql immutable as $$ select length($1) < length($2) $$

create function as_long(text, text) returns bool language sql immutable as $$ select length($1) = length($2) $$

create operator <# (procedure = shorter, leftarg = text, rightarg = text)

create operator =# (procedure = as_long, leftarg = text, rightarg = text)

create operator class length_ops for type text using btree as operator 1 <#, operator 3 =#, function 1 by_length(text, text)

create table t (id serial primary key, a text unique, b int constraint late unique deferrable);

create index t_length on t (a length_ops)

create index t_b on t (b)
