/**
 * Reviewed by hand. Volatility is one input, not the verdict: some STABLE functions run SQL from strings, read files or
 * settings, or tell of objects the asker may not see; some VOLATILE ones are harmless in a read.
 */

/** Volatile, and fine in a read: they look at the clock or roll dice. */
export const harmlessVolatile: readonly string[] = [
  'array_sample',
  'array_shuffle',
  'clock_timestamp',
  'gen_random_uuid',
  'random',
  'random_normal',
  'timeofday',
  'uuidv4',
  'uuidv7',
]

/** Of the `pg_…` functions only these: the rest inspects or steers the server. */
export const harmlessServerFunctions: readonly string[] = ['pg_column_size', 'pg_size_bytes', 'pg_size_pretty', 'pg_typeof']

/** Name pattern → why a function that is not volatile is denied all the same. */
export const deniedPatterns: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/_to_xml/, 'runs SQL from a string or reads whole tables, schemas or cursors by name'],
  [/^xml(exists|validate)/, 'kept to the SQL syntax that names it'],
  [/^ts_(stat|rewrite|debug)$/, 'runs SQL from a string or reads the catalogs'],
  [/^(current_setting|setseed)$/, 'reads or changes settings of the session'],
  [/^(nextval|currval|lastval|setval)$/, 'reads or moves a sequence'],
  [/^lo_|^lo(read|write)$|^be_lo/, 'large objects are files inside the database'],
  [/^to_reg|^reg(class|collation|config|dictionary|namespace|oper|operator|proc|procedure|role|type)$/, 'tells whether an object exists'],
  [/^has_|^row_security_active$|^acl|^makeaclitem$/, 'tells of privileges and of objects that exist'],
  [/_description$/, 'reads comments of any object'],
  [
    /^(format_type|tid|xid|txid|mxid|heap|gist|gin|brin|spg|bt|hash_|hashhandler|amvalidate|fmgr_|binary_upgrade_)/,
    'internals of the server',
  ],
  [/^inet_(client|server)_/, 'tells of the network around the server'],
  [
    /^(satisfies_hash_partition|postgresql_fdw_validator|suppress_redundant_updates_trigger|array_typanalyze|range_typanalyze|ts_typanalyze)$/,
    'internals of the server',
  ],
  [/^(unique_key_recheck|is_normalized_check|RI_FKey|trigger_)/, 'triggers'],
  [/^(cursor|database|schema|table|query)_to_/, 'runs SQL from a string'],
  [/^(get_bit_internal|current_query)$/, 'shows the session’s own text'],
]

/** Syntax that is no function in the catalog but is written or parsed like one. */
export const syntaxFunctions: readonly string[] = [
  'grouping',
  'overlay',
  'position',
  'substring',
  'trim',
  'xmlexists',
  'system_user',
  'timezone',
  'normalize',
  'is_normalized',
  'extract',
  'date_part',
  'btrim',
  'ltrim',
  'rtrim',
  'overlaps',
  'collation for',
  'similar_to_escape',
  'like_escape',
  'pg_collation_for',
]

/** Prefixes of functions that extensions bring, also into pg_catalog itself. */
export const deniedCallPrefixes = /^(pg_|lo_|dblink|postgres_fdw|plpgsql|query_to_|crosstab|connectby)/

/** Types that name a text search set-up: `'english'::regconfig` is how an index is met. */
export const searchTypes: readonly string[] = ['regconfig', 'regdictionary']
