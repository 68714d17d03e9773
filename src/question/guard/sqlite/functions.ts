/** Of those below, what a build of SQLite may lack: it only fails there, but what it would read must be told of all the same. */
export const optionalFunctions: readonly string[] = ['regexp', 'soundex']

/** SQLite's own functions that only compute (sqlite.org: lang_corefunc, lang_aggfunc, windowfunctions, lang_datefunc, json1, lang_mathfunc, fts5). */
export const readFunctions: ReadonlySet<string> = new Set(
  `abs char coalesce concat concat_ws format glob hex if ifnull iif instr length like likelihood likely lower ltrim max min nullif
   octet_length printf quote random randomblob replace round rtrim sign soundex substr substring subtype trim typeof unhex unicode unistr unistr_quote
   unlikely upper zeroblob sqlite_version
   avg count group_concat median percentile percentile_cont percentile_disc string_agg sum total
   row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
   date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp
   json jsonb json_array jsonb_array json_array_length json_array_insert jsonb_array_insert json_error_position json_extract jsonb_extract json_insert jsonb_insert json_object jsonb_object
   json_patch jsonb_patch json_pretty json_remove jsonb_remove json_replace jsonb_replace json_set jsonb_set json_type json_valid json_quote
   json_group_array jsonb_group_array json_group_object jsonb_group_object -> ->>
   acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power radians sin sinh sqrt tan tanh trunc
   bm25 highlight snippet match regexp`.split(/\s+/),
)
