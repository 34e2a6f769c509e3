-- The inventory of a database: one row for each object, as kind, schema, name, properties.
--
-- $1 and $2 are schema and name of the version table, which is left out with all that is on it.
-- Works unchanged on PostgreSQL 12 to 18. It expects what src/postgres/inventory.rs sets: an empty
-- search_path, UTC and so on; then the rows depend on nothing but the objects. The role $3 (null: the one that
-- asks) is CURRENT_USER in privileges, and not told as owner. Where $4 is not null, only what is in this
-- schema is read. Needs no privilege that PUBLIC does not have.
--
-- A column that only some majors have is reached by
--     from (select null as x) as absent cross join lateral (select t.*, x as value from t)
-- where `x` is the table's column if there is one, and else that of `absent`; or, where a table has few
-- rows, by to_jsonb(t) ->> 'x'. Each row carries the address of its object, so that owner, comment,
-- security labels and privileges are told in one place, at the end, for all kinds.
with
role as materialized (
    select oid, case when rolname = coalesce($3, current_user) then 'CURRENT_USER'
                     else quote_ident(rolname) end as name
      from pg_roles
    union all
    select 0, 'PUBLIC'
),
namespace as materialized (
    select oid, nspname, quote_ident(nspname) as schema, nspowner, nspacl
      from pg_namespace
     where nspname !~ '^pg_(toast|temp)'
       and ($4::text is null or nspname = $4)
),
-- What belongs to extensions is told by the extension.
member as materialized (
    select classid, objid from pg_depend where deptype = 'e'
),
relation as materialized (
    select c.*, n.schema, quote_ident(c.relname) as name
      from pg_class c
      join namespace n on n.oid = c.relnamespace
     where c.oid >= 16384
       and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S', 'c')
       and not (n.nspname = $1 and c.relname = $2)
       and not exists (select from member m where m.classid = 'pg_class'::regclass and m.objid = c.oid)
       -- A composite type is a member by its type.
       and not exists (select from member m where m.classid = 'pg_type'::regclass and m.objid = c.reltype)
),
type as materialized (
    select t.*, n.schema, quote_ident(t.typname) as name
      from pg_type t
      join namespace n on n.oid = t.typnamespace
     where t.oid >= 16384
       and t.typtype <> 'm'
       -- Not the row types of tables, nor the array types that come with each type.
       and (t.typrelid = 0 or exists (select from relation r where r.oid = t.typrelid and r.relkind = 'c'))
       and not exists (select from pg_type element where element.typarray = t.oid)
       and not exists (select from pg_range r where to_jsonb(r) ->> 'rngmultitypid' = t.oid::text)
       and not exists (select from member m where m.classid = 'pg_type'::regclass and m.objid = t.oid)
),
routine as materialized (
    select p.*, n.schema, quote_ident(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')' as name
      from pg_proc p
      join namespace n on n.oid = p.pronamespace
     where p.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_proc'::regclass and m.objid = p.oid)
       -- Not the constructors that come with a range type.
       and not exists (select from pg_depend d
                        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')
),
collation_name as (
    select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.collname) as name
      from pg_collation c
      join pg_namespace n on n.oid = c.collnamespace
),
item (classid, objid, objsubid, kind, schema, name, owner, acl, acltype, options, properties) as (

    -- Schemas. `public` is there from the beginning: only what differs from that is told.
    select 'pg_namespace'::regclass::oid, n.oid, 0, 'schema', null::text, n.schema,
           n.nspowner, n.nspacl, 'n'::"char", null::text[],
           case when n.nspname <> 'public' then '{}' else jsonb_build_object(
               'owner', case when n.nspowner <> case
                                 when current_setting('server_version_num')::int < 150000 then 10
                                 else (select oid from pg_roles where rolname = 'pg_database_owner') end
                             then (select name from role where oid = n.nspowner) end,
               'comment', nullif(coalesce(obj_description(n.oid, 'pg_namespace'), ''),
                                 'standard public schema')) end
      from namespace n
     where (n.oid >= 16384 or n.nspname = 'public')
       and not exists (select from member m where m.classid = 'pg_namespace'::regclass and m.objid = n.oid)

    -- Tables.
    union all
    select 'pg_class'::regclass, c.oid, 0,
           case when c.relkind = 'f' then 'foreign table' else 'table' end, c.schema, c.name,
           c.relowner, c.relacl, 'r',
           c.reloptions || f.ftoptions
               || (select array_agg('toast.' || o)
                     from pg_class toast cross join unnest(toast.reloptions) as o
                    where toast.oid = c.reltoastrelid),
           jsonb_build_object(
               'persistence', case when c.relpersistence = 'u' then 'unlogged' end,
               'partitioned by', case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end,
               case when c.relispartition then 'partition of' else 'inherits' end,
               (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
                  from pg_inherits i where i.inhrelid = c.oid),
               'bound', pg_get_expr(c.relpartbound, c.oid),
               'of type', case when c.reloftype <> 0 then format_type(c.reloftype, null) end,
               'row security', nullif(concat_ws(', ', case when c.relrowsecurity then 'enabled' end,
                                                case when c.relforcerowsecurity then 'forced' end), ''),
               'replica identity', case when c.relkind <> 'f' then
                   case c.relreplident when 'n' then 'nothing' when 'f' then 'full'
                       -- Once that index is dropped, nothing is left (ALTER TABLE, REPLICA IDENTITY).
                       when 'i' then case when exists (select from pg_index x where x.indrelid = c.oid and x.indisreplident)
                                          then 'index' else 'nothing' end end end,
               'access method', (select amname from pg_am where oid = c.relam and amname <> 'heap'),
               'tablespace', (select spcname from pg_tablespace where oid = c.reltablespace),
               'server', (select quote_ident(srvname) from pg_foreign_server where oid = f.ftserver))
      from relation c
      left join pg_foreign_table f on f.ftrelid = c.oid
     where c.relkind in ('r', 'p', 'f')

    -- Columns, also of views, and the attributes of composite types. The position counts those that
    -- are there: dropped columns leave no trace.
    union all
    select 'pg_class'::regclass, c.oid, a.attnum,
           case when c.relkind = 'c' then 'attribute' else 'column' end, c.schema,
           c.name || '.' || quote_ident(a.attname),
           c.relowner, a.attacl, 'c',
           -- `pg_attver` is the server's own, from 15.20 on; pg_dump leaves it out too.
           case when a.attoptions is not null then
               (select array_agg(o) from unnest(a.attoptions) as o where o !~ '^pg_attver=') end || a.attfdwoptions,
           jsonb_build_object(
               'owner', null,
               'position', row_number() over (partition by a.attrelid order by a.attnum),
               'type', format_type(a.atttypid, a.atttypmod),
               'collation', case when a.attcollation <> t.typcollation then
                   (select name from collation_name where oid = a.attcollation) end,
               'not null', case when a.attnotnull then true end,
               'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
               'generated', case a.attgenerated when 's' then 'stored ' when 'v' then 'virtual ' end
                            || pg_get_expr(d.adbin, d.adrelid),
               'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
               'inherited', case when a.attinhcount > 0 then
                   case when a.attislocal then 'and local' else 'only' end end,
               'storage', case when a.attstorage <> t.typstorage then
                   case a.attstorage when 'p' then 'plain' when 'e' then 'external'
                                     when 'm' then 'main' else 'extended' end end,
               'compression', case a.compression when 'p' then 'pglz' when 'l' then 'lz4' end,
               'statistics', case when a.attstattarget >= 0 then a.attstattarget end)
      from relation c
      cross join (select null::"char" as attcompression) as absent
      cross join lateral (select pg_attribute.*, attcompression as compression from pg_attribute) as a
      join pg_type t on t.oid = a.atttypid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'S'

    -- Constraints of tables and domains. PostgreSQL 18 (for domains: 17) has one for each NOT NULL; the
    -- column tells that, so only one that says more, or has a name of its own that is not inherited, is
    -- told here. A foreign key's copies for partitions have names that depend on the order in which these were made.
    union all
    select 'pg_constraint'::regclass, o.oid, 0,
           case when o.contype = 'n' then 'not-null constraint' when c.oid is null then 'domain constraint'
                else 'constraint' end,
           coalesce(c.schema, t.schema), coalesce(c.name, t.name) || '.' || quote_ident(o.conname),
           null, null, null, null,
           jsonb_build_object(
               'definition', pg_get_constraintdef(o.oid),
               'inherited', case when o.coninhcount > 0 then
                   case when o.conislocal then 'and local' else 'only' end end,
               -- DISABLE TRIGGER ALL: the constraint stands but is not checked.
               'triggers', case when o.contype = 'f' then
                   (select string_agg(distinct case g.tgenabled when 'D' then 'disabled' when 'R' then 'replica'
                                                                else 'always' end, ', ')
                      from pg_trigger g where g.tgconstraint = o.oid and g.tgenabled <> 'O') end)
      from pg_constraint o
      left join relation c on c.oid = o.conrelid
      left join type t on t.oid = o.contypid
     where coalesce(c.oid, t.oid) is not null
       and o.contype <> 't'
       and not (o.contype = 'f' and o.conparentid <> 0)
       and not (o.contype = 'n' and o.convalidated and not o.connoinherit
                and (o.coninhcount > 0
                     or o.conname = coalesce((select c.relname || '_' || a.attname from pg_attribute a
                                               where a.attrelid = c.oid and a.attnum = o.conkey[1]),
                                             t.typname) || '_not_null'))

    -- Indexes, also those of constraints.
    union all
    select 'pg_class'::regclass, i.oid, 0, 'index', c.schema, quote_ident(i.relname),
           null, null, null, null,
           jsonb_build_object(
               'table', c.schema || '.' || c.name,
               'definition', pg_get_indexdef(i.oid),
               'valid', case when not x.indisvalid then false end,
               'clustered', case when x.indisclustered then true end,
               'replica identity', case when x.indisreplident then true end,
               'partition of', (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = i.oid),
               'statistics', (select string_agg(a.attnum || ': ' || a.attstattarget, ', ' order by a.attnum)
                                from pg_attribute a where a.attrelid = i.oid and a.attstattarget >= 0),
               'tablespace', (select spcname from pg_tablespace where oid = i.reltablespace))
      from pg_index x
      join pg_class i on i.oid = x.indexrelid
      join relation c on c.oid = x.indrelid

    -- Sequences, without their position, which is data.
    union all
    select 'pg_class'::regclass, c.oid, 0, 'sequence', c.schema, c.name,
           c.relowner, c.relacl, 's', null,
           jsonb_build_object(
               'persistence', case when c.relpersistence = 'u' then 'unlogged' end,
               'type', format_type(s.seqtypid, null),
               'start', s.seqstart, 'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax,
               'cache', s.seqcache, 'cycle', case when s.seqcycle then true end,
               'owned by', (select string_agg(d.refobjid::regclass || '.' || quote_ident(a.attname)
                                       || case d.deptype when 'i' then ' as identity' else '' end, ', ')
                              from pg_depend d
                              join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                             where d.classid = 'pg_class'::regclass and d.objid = c.oid
                               and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
      from relation c
      join pg_sequence s on s.seqrelid = c.oid

    -- Views.
    union all
    select 'pg_class'::regclass, c.oid, 0,
           case when c.relkind = 'm' then 'materialized view' else 'view' end, c.schema, c.name,
           c.relowner, c.relacl, 'r', c.reloptions,
           jsonb_build_object(
               'definition', pg_get_viewdef(c.oid),
               'populated', case when not c.relispopulated then false end,
               'access method', (select amname from pg_am where oid = c.relam and amname <> 'heap'),
               'tablespace', (select spcname from pg_tablespace where oid = c.reltablespace))
      from relation c
     where c.relkind in ('v', 'm')

    union all
    select 'pg_rewrite'::regclass, r.oid, 0, 'rule', c.schema, c.name || '.' || quote_ident(r.rulename),
           null, null, null, null,
           jsonb_build_object(
               'definition', pg_get_ruledef(r.oid),
               'enabled', case r.ev_enabled when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end)
      from pg_rewrite r
      join relation c on c.oid = r.ev_class
     where r.rulename <> '_RETURN'

    -- Triggers. A partition's copy is told only if it is switched on or off by itself.
    union all
    select 'pg_trigger'::regclass, g.oid, 0, 'trigger', c.schema, c.name || '.' || quote_ident(g.tgname),
           null, null, null, null,
           jsonb_build_object(
               'definition', pg_get_triggerdef(g.oid),
               'enabled', case g.tgenabled when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end)
      from relation c
      cross join (select 0::oid as tgparentid) as absent
      cross join lateral (select pg_trigger.*, tgparentid as parent from pg_trigger) as g
     where g.tgrelid = c.oid
       and ((not g.tgisinternal and g.parent = 0)
            or g.tgenabled <> (select p.tgenabled from pg_trigger p where p.oid = g.parent))

    union all
    select 'pg_policy'::regclass, p.oid, 0, 'policy', c.schema, c.name || '.' || quote_ident(p.polname),
           null, null, null, null,
           jsonb_build_object(
               'permissive', p.polpermissive,
               'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                                        when 'd' then 'delete' else 'all' end,
               'roles', (select string_agg(r.name, ', ' order by r.name collate "C")
                           from role r where r.oid = any (p.polroles)),
               'using', pg_get_expr(p.polqual, p.polrelid),
               'check', pg_get_expr(p.polwithcheck, p.polrelid))
      from pg_policy p
      join relation c on c.oid = p.polrelid

    union all
    select 'pg_statistic_ext'::regclass, s.oid, 0, 'statistics', n.schema, quote_ident(s.stxname),
           s.stxowner, null, null, null,
           jsonb_build_object(
               'definition', pg_get_statisticsobjdef(s.oid),
               'target', nullif(to_jsonb(s) ->> 'stxstattarget', '-1'))
      from pg_statistic_ext s
      join namespace n on n.oid = s.stxnamespace
      join relation c on c.oid = s.stxrelid
     where not exists (select from member m where m.classid = 'pg_statistic_ext'::regclass and m.objid = s.oid)

    -- Functions and procedures; aggregates.
    union all
    select 'pg_proc'::regclass, p.oid, 0, case when p.prokind = 'p' then 'procedure' else 'function' end,
           p.schema, p.name, p.proowner, p.proacl, 'f', null,
           jsonb_build_object('definition', pg_get_functiondef(p.oid))
      from routine p
     where p.prokind <> 'a'

    union all
    select 'pg_proc'::regclass, p.oid, 0, 'aggregate', p.schema, p.name, p.proowner, p.proacl, 'f', null,
           to_jsonb(a) - 'aggfnoid' || jsonb_build_object(
               'arguments', pg_get_function_arguments(p.oid),
               'result', pg_get_function_result(p.oid),
               'parallel', p.proparallel,
               'aggtranstype', format_type(a.aggtranstype, null),
               'aggmtranstype', case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end,
               'aggsortop', case when a.aggsortop <> 0 then a.aggsortop::regoperator::text end)
      from routine p
      join pg_aggregate a on a.aggfnoid = p.oid
     where p.prokind = 'a'

    union all
    select 'pg_event_trigger'::regclass, e.oid, 0, 'event trigger', null, quote_ident(e.evtname),
           e.evtowner, null, null, null,
           jsonb_build_object(
               'event', e.evtevent,
               'function', e.evtfoid::regproc::text,
               'tags', array_to_string(e.evttags, ', '),
               'enabled', case e.evtenabled when 'D' then 'no' when 'R' then 'replica' when 'A' then 'always' end)
      from pg_event_trigger e
     where not exists (select from member m where m.classid = 'pg_event_trigger'::regclass and m.objid = e.oid)

    -- What a dump has no words for: the baseline sets it as the history did.
    union all
    select 'pg_db_role_setting'::regclass, 0::oid, 0, 'database setting', null,
           split_part(setting, '=', 1), null, null, null, null,
           jsonb_build_object('value', substr(setting, strpos(setting, '=') + 1))
      from pg_db_role_setting s cross join unnest(s.setconfig) as setting
     where s.setrole = 0 and $4::text is null
       and s.setdatabase = (select oid from pg_database where datname = current_database())

    -- Types.
    union all
    select 'pg_type'::regclass, t.oid, 0,
           case when not t.typisdefined then 'shell type' else
               case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite type'
                              when 'r' then 'range type' else 'base type' end end,
           t.schema, t.name, t.typowner, t.typacl, 'T', null,
           case t.typtype
               when 'e' then jsonb_build_object(
                   'labels', (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                                from pg_enum e where e.enumtypid = t.oid))
               when 'd' then jsonb_build_object(
                   'type', format_type(t.typbasetype, t.typtypmod),
                   'collation', (select c.name from collation_name c join pg_type b on b.oid = t.typbasetype
                                  where c.oid = t.typcollation and c.oid <> b.typcollation),
                   'not null', case when t.typnotnull then true end,
                   'default', coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault))
               when 'r' then
                   (select jsonb_build_object(
                               'subtype', format_type(r.rngsubtype, null),
                               'operator class', (select quote_ident(n.nspname) || '.' || quote_ident(o.opcname)
                                                    from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace
                                                   where o.oid = r.rngsubopc),
                               'collation', (select c.name from collation_name c
                                              where c.oid = r.rngcollation and c.oid <> 100),
                               'canonical', nullif(r.rngcanonical::text, '-'),
                               'difference', nullif(r.rngsubdiff::text, '-'),
                               'multirange', format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, null))
                      from pg_range r where r.rngtypid = t.oid)
               when 'b' then jsonb_build_object(
                   'input', t.typinput::text, 'output', t.typoutput::text,
                   'receive', nullif(t.typreceive::text, '-'), 'send', nullif(t.typsend::text, '-'),
                   'modifier input', nullif(t.typmodin::text, '-'),
                   'modifier output', nullif(t.typmodout::text, '-'),
                   'analyze', nullif(t.typanalyze::text, '-'),
                   'subscript', nullif(to_jsonb(t) ->> 'typsubscript', '-'),
                   'length', t.typlen, 'by value', t.typbyval, 'alignment', t.typalign,
                   'storage', t.typstorage, 'category', t.typcategory, 'preferred', t.typispreferred,
                   'delimiter', t.typdelim, 'default', t.typdefault,
                   'element', case when t.typelem <> 0 then format_type(t.typelem, null) end,
                   'collatable', case when t.typcollation <> 0 then true end)
               else '{}' end
      from type t

    union all
    select 'pg_cast'::regclass, c.oid, 0, 'cast', null,
           format_type(c.castsource, null) || ' as ' || format_type(c.casttarget, null),
           null, null, null, null,
           jsonb_build_object(
               'method', case c.castmethod when 'f' then c.castfunc::regprocedure::text
                                           when 'i' then 'inout' else 'binary' end,
               'context', case c.castcontext when 'a' then 'assignment' when 'i' then 'implicit'
                                             else 'explicit' end)
      from pg_cast c
     where c.oid >= 16384
       -- Not the cast that comes with a range type.
       and not exists (select from pg_range r where r.rngtypid = c.castsource
                          and to_jsonb(r) ->> 'rngmultitypid' = c.casttarget::text)
       and not exists (select from member m where m.classid = 'pg_cast'::regclass and m.objid = c.oid)

    union all
    select 'pg_operator'::regclass, o.oid, 0, 'operator', n.schema,
           o.oprname || '(' || coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE') || ', '
               || coalesce(format_type(nullif(o.oprright, 0), null), 'NONE') || ')',
           o.oprowner, null, null, null,
           jsonb_build_object(
               'function', nullif(o.oprcode::text, '-'),
               'commutator', case when o.oprcom <> 0 then o.oprcom::regoperator::text end,
               'negator', case when o.oprnegate <> 0 then o.oprnegate::regoperator::text end,
               'restrict', nullif(o.oprrest::text, '-'),
               'join', nullif(o.oprjoin::text, '-'),
               'merges', case when o.oprcanmerge then true end,
               'hashes', case when o.oprcanhash then true end)
      from pg_operator o
      join namespace n on n.oid = o.oprnamespace
     where o.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_operator'::regclass and m.objid = o.oid)

    union all
    select 'pg_opclass'::regclass, o.oid, 0, 'operator class', n.schema,
           quote_ident(o.opcname) || ' using ' || am.amname, o.opcowner, null, null, null,
           jsonb_build_object(
               'type', format_type(o.opcintype, null),
               'stored as', case when o.opckeytype <> 0 then format_type(o.opckeytype, null) end,
               'default', case when o.opcdefault then true end,
               'family', quote_ident(fn.nspname) || '.' || quote_ident(f.opfname))
      from pg_opclass o
      join namespace n on n.oid = o.opcnamespace
      join pg_am am on am.oid = o.opcmethod
      join pg_opfamily f on f.oid = o.opcfamily
      join pg_namespace fn on fn.oid = f.opfnamespace
     where o.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_opclass'::regclass and m.objid = o.oid)

    union all
    select 'pg_opfamily'::regclass, f.oid, 0, 'operator family', n.schema,
           quote_ident(f.opfname) || ' using ' || am.amname, f.opfowner, null, null, null,
           jsonb_build_object(
               'operators', (select string_agg(concat_ws(' ', o.amopstrategy, o.amopopr::regoperator,
                                        case when o.amoppurpose = 'o' then 'for order by' end),
                                    ', ' order by o.amopstrategy, o.amopopr::regoperator::text collate "C")
                               from pg_amop o where o.amopfamily = f.oid),
               'functions', (select string_agg(concat_ws(' ', p.amprocnum, format_type(p.amproclefttype, null),
                                        format_type(p.amprocrighttype, null), p.amproc::regprocedure),
                                    ', ' order by p.amprocnum, p.amproc::regprocedure::text collate "C")
                               from pg_amproc p where p.amprocfamily = f.oid))
      from pg_opfamily f
      join namespace n on n.oid = f.opfnamespace
      join pg_am am on am.oid = f.opfmethod
     where f.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_opfamily'::regclass and m.objid = f.oid)

    union all
    select 'pg_am'::regclass, a.oid, 0, 'access method', null, quote_ident(a.amname), null, null, null, null,
           jsonb_build_object('type', a.amtype, 'handler', a.amhandler::text)
      from pg_am a
     where a.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_am'::regclass and m.objid = a.oid)

    union all
    select 'pg_collation'::regclass, c.oid, 0, 'collation', n.schema, quote_ident(c.collname),
           c.collowner, null, null, null,
           jsonb_build_object(
               'provider', case c.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin'
                                               else 'default' end,
               'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale',
                                  to_jsonb(c) ->> 'collcollate'),
               'ctype', case when c.collprovider = 'c' then to_jsonb(c) ->> 'collctype' end,
               'rules', to_jsonb(c) ->> 'collicurules',
               'deterministic', case when not c.collisdeterministic then false end)
      from pg_collation c
      join namespace n on n.oid = c.collnamespace
     where c.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_collation'::regclass and m.objid = c.oid)

    union all
    select 'pg_conversion'::regclass, c.oid, 0, 'conversion', n.schema, quote_ident(c.conname),
           c.conowner, null, null, null,
           jsonb_build_object(
               'from', pg_encoding_to_char(c.conforencoding), 'to', pg_encoding_to_char(c.contoencoding),
               'function', c.conproc::text, 'default', case when c.condefault then true end)
      from pg_conversion c
      join namespace n on n.oid = c.connamespace
     where c.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_conversion'::regclass and m.objid = c.oid)

    -- Text search.
    union all
    select 'pg_ts_parser'::regclass, p.oid, 0, 'text search parser', n.schema, quote_ident(p.prsname),
           null, null, null, null,
           jsonb_build_object(
               'start', p.prsstart::text, 'gettoken', p.prstoken::text, 'end', p.prsend::text,
               'lextypes', p.prslextype::text, 'headline', nullif(p.prsheadline::text, '-'))
      from pg_ts_parser p
      join namespace n on n.oid = p.prsnamespace
     where p.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_ts_parser'::regclass and m.objid = p.oid)

    union all
    select 'pg_ts_template'::regclass, t.oid, 0, 'text search template', n.schema, quote_ident(t.tmplname),
           null, null, null, null,
           jsonb_build_object('init', nullif(t.tmplinit::text, '-'), 'lexize', t.tmpllexize::text)
      from pg_ts_template t
      join namespace n on n.oid = t.tmplnamespace
     where t.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_ts_template'::regclass and m.objid = t.oid)

    union all
    select 'pg_ts_dict'::regclass, d.oid, 0, 'text search dictionary', n.schema, quote_ident(d.dictname),
           d.dictowner, null, null, null,
           jsonb_build_object(
               'template', (select quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname)
                              from pg_ts_template t join pg_namespace tn on tn.oid = t.tmplnamespace
                             where t.oid = d.dicttemplate),
               'options', d.dictinitoption)
      from pg_ts_dict d
      join namespace n on n.oid = d.dictnamespace
     where d.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_ts_dict'::regclass and m.objid = d.oid)

    union all
    select 'pg_ts_config'::regclass, c.oid, 0, 'text search configuration', n.schema, quote_ident(c.cfgname),
           c.cfgowner, null, null, null,
           jsonb_build_object(
               'parser', (select quote_ident(pn.nspname) || '.' || quote_ident(p.prsname)
                            from pg_ts_parser p join pg_namespace pn on pn.oid = p.prsnamespace
                           where p.oid = c.cfgparser),
               'mappings', (select string_agg(token.alias || ' with ' || m.mapdict::regdictionary, ', '
                                              order by token.alias collate "C", m.mapseqno)
                              from pg_ts_config_map m
                              join ts_token_type(c.cfgparser) as token on token.tokid = m.maptokentype
                             where m.mapcfg = c.oid))
      from pg_ts_config c
      join namespace n on n.oid = c.cfgnamespace
     where c.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_ts_config'::regclass and m.objid = c.oid)

    -- Extensions, also plpgsql, which every database has at first. Nobody can change the owner.
    union all
    select 'pg_extension'::regclass, e.oid, 0, 'extension', null, quote_ident(e.extname),
           null, null, null, null,
           jsonb_build_object('version', e.extversion, 'schema', n.schema)
      from pg_extension e
      join namespace n on n.oid = e.extnamespace

    union all
    select 'pg_language'::regclass, l.oid, 0, 'language', null, quote_ident(l.lanname),
           l.lanowner, l.lanacl, 'l', null,
           jsonb_build_object(
               'trusted', l.lanpltrusted, 'handler', l.lanplcallfoid::regproc::text,
               'inline', nullif(l.laninline::regproc::text, '-'),
               'validator', nullif(l.lanvalidator::regproc::text, '-'))
      from pg_language l
     where l.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_language'::regclass and m.objid = l.oid)

    union all
    select 'pg_transform'::regclass, t.oid, 0, 'transform', null,
           format_type(t.trftype, null) || ' for ' || quote_ident(l.lanname), null, null, null, null,
           jsonb_build_object(
               'from sql', nullif(t.trffromsql::regproc::text, '-'), 'to sql', nullif(t.trftosql::regproc::text, '-'))
      from pg_transform t
      join pg_language l on l.oid = t.trflang
     where t.oid >= 16384
       and not exists (select from member m where m.classid = 'pg_transform'::regclass and m.objid = t.oid)

    -- What leads to other servers. All values of a user mapping may be secrets, but not the user's name.
    union all
    select 'pg_foreign_data_wrapper'::regclass, w.oid, 0, 'foreign-data wrapper', null, quote_ident(w.fdwname),
           w.fdwowner, w.fdwacl, 'F', w.fdwoptions,
           jsonb_build_object(
               'handler', nullif(w.fdwhandler::regproc::text, '-'),
               'validator', nullif(w.fdwvalidator::regproc::text, '-'))
      from pg_foreign_data_wrapper w
     where w.oid >= 16384
       and not exists (select from member m
                        where m.classid = 'pg_foreign_data_wrapper'::regclass and m.objid = w.oid)

    union all
    select 'pg_foreign_server'::regclass, s.oid, 0, 'server', null, quote_ident(s.srvname),
           s.srvowner, s.srvacl, 'S', s.srvoptions,
           jsonb_build_object('wrapper', quote_ident(w.fdwname), 'type', s.srvtype, 'version', s.srvversion)
      from pg_foreign_server s
      join pg_foreign_data_wrapper w on w.oid = s.srvfdw
     where not exists (select from member m where m.classid = 'pg_foreign_server'::regclass and m.objid = s.oid)

    union all
    select 'pg_user_mapping'::regclass, u.umid, 0, 'user mapping', null,
           (select r.name from role r where r.oid = u.umuser) || ' on ' || quote_ident(u.srvname),
           null, null, null,
           (select array_agg(case when o ~ '^user(name)?=' then o else split_part(o, '=', 1) end)
              from unnest(u.umoptions) as o),
           '{}'
      from pg_user_mappings u

    -- Replication.
    union all
    select 'pg_publication'::regclass, p.oid, 0, 'publication', null, quote_ident(p.pubname),
           p.pubowner, null, null, null,
           jsonb_build_object(
               'all tables', case when p.puballtables then true end,
               'publish', concat_ws(', ', case when p.pubinsert then 'insert' end,
                                    case when p.pubupdate then 'update' end,
                                    case when p.pubdelete then 'delete' end,
                                    case when p.pubtruncate then 'truncate' end),
               'via root', nullif(to_jsonb(p) ->> 'pubviaroot', 'false'),
               'generated columns', nullif(to_jsonb(p) ->> 'pubgencols', 'n'),
               -- pg_publication_namespace is there from 15 on: read where it is depended on.
               'schemas', (select string_agg(n.schema, ', ' order by n.schema collate "C")
                             from pg_depend d
                             join pg_depend s on s.classid = d.classid and s.objid = d.objid
                                             and s.refclassid = 'pg_namespace'::regclass
                             join namespace n on n.oid = s.refobjid
                            where d.classid = to_regclass('pg_catalog.pg_publication_namespace')
                              and d.refclassid = 'pg_publication'::regclass and d.refobjid = p.oid))
      from pg_publication p
     where not exists (select from member m where m.classid = 'pg_publication'::regclass and m.objid = p.oid)

    union all
    select 'pg_publication_rel'::regclass, m.oid, 0, 'publication member', null,
           quote_ident(p.pubname) || ': ' || c.schema || '.' || c.name, null, null, null, null,
           jsonb_build_object(
               'columns', (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                             from pg_attribute a where a.attrelid = c.oid and a.attnum = any (m.attrs)),
               'where', pg_get_expr(m.qual, c.oid))
      from relation c
      cross join (select null::pg_node_tree as prqual, null::int2vector as prattrs) as absent
      cross join lateral (select pg_publication_rel.*, prqual as qual, prattrs as attrs
                            from pg_publication_rel) as m
      join pg_publication p on p.oid = m.prpubid
     where m.prrelid = c.oid

    -- Without its oid, which PUBLIC may not read before 14, a subscription is told without its comment.
    union all
    select 'pg_subscription'::regclass, 0, 0, 'subscription', null, quote_ident(s.subname),
           s.subowner, null, null, null,
           jsonb_build_object(
               'enabled', s.subenabled, 'slot', s.subslotname,
               'publications', (select string_agg(quote_ident(p), ', ' order by p collate "C")
                                  from unnest(s.subpublications) as p))
      from pg_subscription s
      join pg_database d on d.oid = s.subdbid and d.datname = current_database()

    -- Default privileges. Those for one schema come on top of the others, so nothing is their default.
    union all
    select 'pg_default_acl'::regclass, d.oid, 0, 'default privileges', n.schema,
           case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end
               || ' of ' || (select r.name from role r where r.oid = d.defaclrole),
           d.defaclrole, d.defaclacl,
           case when n.oid is not null then 'c' when d.defaclobjtype = 'S' then 's' else d.defaclobjtype end,
           null, '{"owner": null}'
      from pg_default_acl d
      left join namespace n on n.oid = d.defaclnamespace

    -- Privileges on what is left out above.
    union all
    select o.classid, o.objid, 0,
           case when m.objid is null then 'system object' else 'extension member' end,
           null, (select i.type || ' ' || i.identity from pg_identify_object(o.classid, o.objid, 0) as i),
           o.owner, o.acl, o.acltype, null, '{"owner": null, "comment": null}'
      from (select 'pg_class'::regclass::oid as classid, oid as objid, relnamespace as namespace, relowner as owner,
                   relacl as acl, case when relkind = 'S' then 's' else 'r' end::"char" as acltype
              from pg_class
            union all
            select 'pg_proc'::regclass, oid, pronamespace, proowner, proacl, 'f' from pg_proc
            union all
            select 'pg_type'::regclass, oid, typnamespace, typowner, typacl, 'T' from pg_type
            union all
            select 'pg_language'::regclass, oid, 11, lanowner, lanacl, 'l' from pg_language
            union all
            select 'pg_namespace'::regclass, oid, oid, nspowner, nspacl, 'n' from pg_namespace) as o
      left join member m on m.classid = o.classid and m.objid = o.objid
     where o.acl is not null and (m.objid is not null or (o.objid < 16384 and o.namespace = 11))
       and not exists (select from pg_init_privs p
                        where p.classoid = o.classid and p.objoid = o.objid and p.objsubid = 0
                          and p.initprivs = o.acl)

    union all
    select 'pg_largeobject'::regclass, 0, 0, 'large objects', null, 'all', null, null, null, null,
           jsonb_build_object('count', count(*))
      from pg_largeobject_metadata
    having count(*) > 0
),
-- Privileges are told as the difference from those that such an object begins with: a new major may
-- have new ones, which every owner has. Those of the beginning are the owner's, whoever that was. The
-- schema public begins as initdb makes it, even if the history has made it anew.
told as (
    select i.*, case when i.acl is not null or i.is_public then
           (with now as (
                select grantee, nullif(grantor, i.owner) as grantor, privilege_type as privilege,
                       is_grantable and grantee <> i.owner as grantable
                  from aclexplode(coalesce(i.acl, acldefault(i.acltype, i.owner)))
            ),
            first as (
                select case when grantee = grantor then i.owner else grantee end as grantee, null::oid as grantor,
                       privilege_type as privilege, is_grantable and grantee <> grantor as grantable
                  from aclexplode(
                       case when i.is_public
                            then acldefault('n', i.owner) || makeaclitem(0, i.owner, 'USAGE', false) || i.may_create
                            else coalesce(p.initprivs, acldefault(i.acltype, i.owner)) end)
            ),
            entry as (
                select 'to' as verb, * from (select * from now except select * from first) as given
                union all
                select 'from', * from (select * from first except select * from now) as taken
            ),
            line as (
                select entry.verb,
                       string_agg(entry.privilege || case when entry.grantable then ' with grant option' else '' end,
                                  ', ' order by entry.privilege collate "C", entry.grantable)
                       || ' ' || entry.verb || ' ' || coalesce(grantee.name, entry.grantee::text)
                       || coalesce(' by ' || grantor.name, '') as text
                  from entry
                  left join role grantee on grantee.oid = entry.grantee
                  left join role grantor on grantor.oid = entry.grantor
                 group by entry.verb, coalesce(grantee.name, entry.grantee::text), grantor.name
            )
            select jsonb_object_agg(case verb when 'to' then 'granted' else 'revoked' end, text)
              from (select verb, string_agg(text, '; ' order by text collate "C") as text
                      from line group by verb) as side) end as privileges
      from (select *, classid = 'pg_namespace'::regclass and name = 'public' as is_public,
                   case when current_setting('server_version_num')::int < 150000
                        then array[makeaclitem(0, owner, 'CREATE', false)] else '{}' end as may_create
              from item) as i
      left join pg_init_privs p
             on i.acl is not null and p.classoid = i.classid and p.objoid = i.objid and p.objsubid = i.objsubid
)
select i.kind, i.schema, i.name,
       jsonb_strip_nulls(jsonb_build_object(
           'owner', nullif(owner.name, 'CURRENT_USER'),
           'comment', d.description,
           'security label', l.label,
           -- Options whose name looks like a secret's are told without their value.
           'options', case when i.options is not null then
               (select string_agg(case when o ~* '^[^=]*(pass|pwd|secret|token|credential|key)[^=]*='
                                       then split_part(o, '=', 1) else o end,
                                  ', ' order by o collate "C")
                  from unnest(i.options) as o) end)
       || coalesce(i.privileges, '{}') || i.properties)::text as properties
  from told i
  left join role owner on owner.oid = i.owner
  left join pg_description d on d.classoid = i.classid and d.objoid = i.objid and d.objsubid = i.objsubid
  left join (select classoid, objoid, objsubid,
                    string_agg(provider || ': ' || label, ', ' order by provider collate "C") as label
               from pg_seclabel
              group by 1, 2, 3) as l
         on l.classoid = i.classid and l.objoid = i.objid and l.objsubid = i.objsubid
 where i.kind not in ('system object', 'extension member') or i.privileges is not null
 order by i.kind collate "C", i.schema collate "C" nulls first, i.name collate "C"
