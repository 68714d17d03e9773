/** Objects of the server itself and of temporary schemas are not part of a catalog. */
const ownSchemas = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

const readable = `(has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')) AND has_schema_privilege(n.oid, 'USAGE')`

const relations = `
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND ${ownSchemas} AND ${readable}`

/**
 * `extension name(types) volatility language` of a function that came with an extension and that nobody but a superuser can
 * have put there or changed: an extension's owner may add functions of their own to it. Types are the server's own, or base
 * types of the same extension, which only a superuser can make. Null for any other function.
 */
const extensionSignature = `(
  SELECT e.extname || ' ' || p.proname || '(' || (
      SELECT coalesce(string_agg(CASE WHEN t.oid < 16384 OR own.objid IS NOT NULL THEN t.typname ELSE '?' END, ',' ORDER BY a.place), '')
      FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, place) JOIN pg_catalog.pg_type t ON t.oid = a.type
        LEFT JOIN pg_catalog.pg_depend own ON own.classid = 'pg_catalog.pg_type'::regclass AND own.objid = t.oid AND own.deptype = 'e'
          AND own.refclassid = d.refclassid AND own.refobjid = e.oid AND t.typtype = 'b'
    ) || ') ' || p.provolatile::text || ' ' || l.lanname
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.oid = d.refobjid
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
  WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    AND r.rolsuper AND NOT p.prosecdef AND p.proconfig IS NULL)`

/** A type \`t\` whose code is that of a known extension: only a superuser can make a base type. */
const computingType = `EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND e.oid = d.refobjid
  WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e' AND e.extname = 'citext' AND t.typtype = 'b')`
/** A cast `k` by a function `f` that only computes: compiled code of the server, or of an extension a superuser has installed. */
const computingCast = `(f.provolatile = 'i' AND l.lanname IN ('c', 'internal') AND (f.oid < 16384 OR EXISTS (
    SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_roles r ON r.oid = f.proowner
    WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = k.oid AND d.deptype = 'e' AND r.rolsuper)))`

/** Our own fixed texts over the server's system catalogs; the only SQL an engine runs that no guard has seen. */
export const catalogQueries = {
  server: `SELECT current_database()::text AS database, current_setting('server_version') AS version`,

  relations: `
    SELECT c.oid::text, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, obj_description(c.oid, 'pg_class') AS comment,
      c.reltuples::bigint::text AS "estimatedRows",
      CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid)::text END AS "sizeBytes",
      CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
      ARRAY(SELECT pn.nspname || '.' || pc.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class pc ON pc.oid = i.inhparent
        JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents
    ${relations} ORDER BY n.nspname, c.relname`,

  columns: `
    SELECT c.oid::text, a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS "isNullable",
      col_description(c.oid, a.attnum) AS comment
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND ${ownSchemas} AND ${readable} AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    ORDER BY c.oid, a.attnum`,

  keys: `
    SELECT k.conrelid::text AS oid, k.conname::text AS name, k.contype::text AS kind,
      ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.place) AS columns,
      tn.nspname::text AS "targetSchema", t.relname::text AS "targetName",
      CASE WHEN k.contype = 'f' THEN ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.place) END AS "targetColumns"
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_class t ON t.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    WHERE k.contype IN ('p', 'u', 'f') AND ${ownSchemas} AND ${readable} ORDER BY k.conrelid, k.contype, k.conname`,

  // Unique indexes without a constraint tell the same; partial ones and those over expressions do not.
  uniqueIndexes: `
    SELECT x.indrelid::text AS oid, i.relname::text AS name, 'u' AS kind,
      ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS u(attnum, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = u.attnum WHERE u.place <= x.indnkeyatts ORDER BY u.place) AS columns,
      NULL::text AS "targetSchema", NULL::text AS "targetName", NULL::text[] AS "targetColumns"
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE x.indisunique AND x.indisvalid AND NOT x.indisprimary AND x.indpred IS NULL AND x.indexprs IS NULL AND ${ownSchemas} AND ${readable}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))
    ORDER BY x.indrelid, i.relname`,

  functions: `
    SELECT n.nspname::text AS schema, p.proname::text AS name,
      ARRAY(SELECT pg_catalog.format_type(t, NULL) FROM unnest(p.proargtypes) AS t) AS "argumentTypes",
      pg_catalog.format_type(p.prorettype, NULL) AS "resultType",
      CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
      ${extensionSignature} AS signature
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE ${ownSchemas} ORDER BY n.nspname, p.proname, p.oid`,

  // Those of an extension that only compute, in compiled code a superuser has installed, are as good as the server's own:
  // the = of citext must not forbid every other =.
  operators: `
    SELECT DISTINCT n.nspname || '.' || o.oprname AS name FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE ${ownSchemas} AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_proc f JOIN pg_catalog.pg_language l ON l.oid = f.prolang
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
      WHERE f.oid = o.oprcode AND f.provolatile = 'i' AND l.lanname IN ('c', 'internal'))
    ORDER BY 1`,

  // Domains, base types and ranges run code when a value is cast, and so do rows that hold any of them and types that
  // somebody has made a cast with a function for. Casts of extensions that only compute are as good as the server's own.
  // `pg_catalog.any`: some cast is made without being asked for. `pg_catalog.anyelement`: some cast is of the server's own types.
  types: `
    WITH own_cast AS (
      SELECT k.castsource, k.casttarget, k.castcontext FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_proc f ON f.oid = k.castfunc
        JOIN pg_catalog.pg_language l ON l.oid = f.prolang
      WHERE k.oid >= 16384 AND NOT ${computingCast})
    SELECT n.nspname || '.' || t.typname AS name FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('d', 'b', 'r', 'm') AND t.typelem = 0 AND ${ownSchemas} AND NOT ${computingType}
    UNION
    SELECT n.nspname || '.' || t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 JOIN pg_catalog.pg_type f ON f.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_type e ON e.oid = f.typelem
    WHERE t.typtype = 'c' AND coalesce(e.oid, f.oid) >= 16384 AND ${ownSchemas}
      AND (coalesce(e.typtype, f.typtype) <> 'e' OR coalesce(e.oid, f.oid) IN (SELECT castsource FROM own_cast))
    UNION
    SELECT n.nspname || '.' || t.typname FROM own_cast k JOIN pg_catalog.pg_type t ON t.oid IN (k.castsource, k.casttarget)
      JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE ${ownSchemas} OR t.oid = k.casttarget
    UNION
    SELECT 'pg_catalog.any' FROM own_cast WHERE castcontext = 'i'
    UNION
    SELECT 'pg_catalog.anyelement' FROM own_cast WHERE castsource < 16384
    ORDER BY 1`,

  // What a write sets off: code of the database by triggers, rules, defaults and checks, and rows of other tables by keys.
  effects: `
    WITH seen AS (SELECT c.oid, n.nspname, c.relname ${relations})
    SELECT s.oid::text, 'trigger' AS kind, t.tgname::text AS name, fn.nspname || '.' || f.proname AS calls, NULL::text AS reaches,
      array_remove(ARRAY[CASE WHEN t.tgtype & 4 > 0 THEN 'insert' END, CASE WHEN t.tgtype & 16 > 0 THEN 'update' END, CASE WHEN t.tgtype & 8 > 0 THEN 'delete' END], NULL) AS verbs
    FROM seen s JOIN pg_catalog.pg_trigger t ON t.tgrelid = s.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
      JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    UNION ALL
    SELECT s.oid::text, 'rule', r.rulename::text, NULL, NULL, ARRAY[CASE r.ev_type WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END]
    FROM seen s JOIN pg_catalog.pg_rewrite r ON r.ev_class = s.oid AND r.ev_type IN ('2', '3', '4') AND r.ev_enabled <> 'D'
    UNION ALL
    SELECT s.oid::text, 'cascade', k.conname::text, NULL, kn.nspname || '.' || kc.relname,
      array_remove(ARRAY[CASE WHEN k.confupdtype IN ('c', 'n', 'd') THEN 'update' END, CASE WHEN k.confdeltype IN ('c', 'n', 'd') THEN 'delete' END], NULL)
    FROM seen s JOIN pg_catalog.pg_constraint k ON k.confrelid = s.oid AND k.contype = 'f' AND (k.confupdtype IN ('c', 'n', 'd') OR k.confdeltype IN ('c', 'n', 'd'))
      JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace
    UNION ALL
    SELECT s.oid::text, 'default', a.attname::text, fn.nspname || '.' || f.proname, NULL, ARRAY['insert', 'update']
    FROM seen s JOIN pg_catalog.pg_attrdef x ON x.adrelid = s.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum = x.adnum
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = x.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
      JOIN pg_catalog.pg_proc f ON f.oid = d.refobjid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    WHERE fn.nspname <> 'pg_catalog'
    UNION ALL
    SELECT s.oid::text, 'check', k.conname::text, fn.nspname || '.' || f.proname, NULL, ARRAY['insert', 'update']
    FROM seen s JOIN pg_catalog.pg_constraint k ON k.conrelid = s.oid AND k.contype = 'c'
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
      JOIN pg_catalog.pg_proc f ON f.oid = d.refobjid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace
    WHERE fn.nspname <> 'pg_catalog'
    ORDER BY 1, 2, 3, 4`,

  // An enum's labels are part of the schema, but only worth knowing as values of its columns.
  enums: `
    SELECT pg_catalog.format_type(e.enumtypid, NULL) AS type, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
    FROM pg_catalog.pg_enum e GROUP BY e.enumtypid`,
} as const
