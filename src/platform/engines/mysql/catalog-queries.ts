/** Schemas of the server itself. */
export const ownSchemas = `('information_schema', 'mysql', 'performance_schema', 'sys')`

/** Our own fixed texts over information_schema, which shows each user what it may see; the only SQL an engine runs that no guard has seen. */
export const catalogQueries = {
  relations: `
    SELECT t.TABLE_SCHEMA AS \`schema\`, t.TABLE_NAME AS name, t.TABLE_TYPE AS kind, t.TABLE_COMMENT AS comment,
      CAST(t.TABLE_ROWS AS CHAR) AS estimatedRows, CAST(t.DATA_LENGTH AS CHAR) AS sizeBytes, v.VIEW_DEFINITION AS definition
    FROM information_schema.TABLES t
      LEFT JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME
    WHERE t.TABLE_SCHEMA NOT IN ${ownSchemas} AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
    ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME`,

  columns: `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS relation, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS isNullable, COLUMN_COMMENT AS comment
    FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA NOT IN ${ownSchemas} AND FIND_IN_SET('select', PRIVILEGES) > 0
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,

  // An index over a prefix or an expression says nothing of whole values.
  keys: `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS relation, INDEX_NAME AS name, COLUMN_NAME AS \`column\`, SUB_PART AS part
    FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA NOT IN ${ownSchemas} AND NON_UNIQUE = 0
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,

  foreignKeys: `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS relation, CONSTRAINT_NAME AS name, COLUMN_NAME AS \`column\`,
      REFERENCED_TABLE_SCHEMA AS targetSchema, REFERENCED_TABLE_NAME AS targetName, REFERENCED_COLUMN_NAME AS targetColumn
    FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA NOT IN ${ownSchemas} AND REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,

  triggers: `
    SELECT EVENT_OBJECT_SCHEMA AS \`schema\`, EVENT_OBJECT_TABLE AS relation, TRIGGER_NAME AS name, EVENT_MANIPULATION AS events
    FROM information_schema.TRIGGERS
    WHERE EVENT_OBJECT_SCHEMA NOT IN ${ownSchemas}
    ORDER BY EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME`,

  cascades: `
    SELECT UNIQUE_CONSTRAINT_SCHEMA AS \`schema\`, REFERENCED_TABLE_NAME AS relation, CONSTRAINT_NAME AS name,
      CONSTRAINT_SCHEMA AS childSchema, TABLE_NAME AS child, UPDATE_RULE AS onUpdate, DELETE_RULE AS onDelete
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE UNIQUE_CONSTRAINT_SCHEMA NOT IN ${ownSchemas}
    ORDER BY UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME`,

  seesTriggers: `
    SELECT CAST(COUNT(*) AS CHAR) AS n FROM information_schema.USER_PRIVILEGES
    WHERE PRIVILEGE_TYPE = 'TRIGGER' AND GRANTEE = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'")`,

  functions: `
    SELECT r.ROUTINE_SCHEMA AS \`schema\`, r.ROUTINE_NAME AS name, r.DTD_IDENTIFIER AS resultType, r.IS_DETERMINISTIC AS isDeterministic,
      r.SQL_DATA_ACCESS AS access,
      (SELECT GROUP_CONCAT(p.DTD_IDENTIFIER ORDER BY p.ORDINAL_POSITION SEPARATOR '\\n') FROM information_schema.PARAMETERS p
        WHERE p.SPECIFIC_SCHEMA = r.ROUTINE_SCHEMA AND p.SPECIFIC_NAME = r.SPECIFIC_NAME AND p.ROUTINE_TYPE = 'FUNCTION' AND p.ORDINAL_POSITION > 0) AS argumentTypes
    FROM information_schema.ROUTINES r
    WHERE r.ROUTINE_TYPE = 'FUNCTION' AND r.ROUTINE_SCHEMA NOT IN ${ownSchemas}
    ORDER BY r.ROUTINE_SCHEMA, r.ROUTINE_NAME`,
} as const
