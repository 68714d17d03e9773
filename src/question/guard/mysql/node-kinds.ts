/**
 * Everything a read may be made of, by the parser's names: kinds begin with a capital letter, fields do not. A kind or a
 * filled field of any other name, also one a later parser brings, is refused.
 */
export const readNodes: ReadonlySet<string> = new Set(
  `Query Select SetOperation Values Table UnnamedExpr ExprWithAlias Wildcard QualifiedWildcard ObjectName Identifier CompoundIdentifier Value
   Number SingleQuotedString DoubleQuotedString NationalStringLiteral HexStringLiteral SingleQuotedByteStringLiteral DoubleQuotedByteStringLiteral
   Boolean Null Placeholder BinaryOp UnaryOp Nested Cast Convert Extract Ceil Floor Position Substring Trim Collate Function List Unnamed Expr
   Case Exists Subquery InSubquery InList Between Like RLike IsNull IsNotNull IsTrue IsNotTrue IsFalse IsNotFalse IsUnknown IsNotUnknown
   Tuple Interval TypedString MatchAgainst Prefixed MemberOf AnyOp AllOp OrderBy Separator NamedWindow WindowSpec Expressions Preceding Following
   LimitOffset OffsetCommaLimit Join Inner Left LeftOuter Right RightOuter CrossJoin StraightJoin On Using Derived NestedJoin JsonTable Named
   ForOrdinality NestedPath DateTimeField Week
   Char Character CharVarying CharacterVarying Varchar Nvarchar Binary Varbinary Blob Decimal Dec Numeric Precision PrecisionAndScale Signed SignedInteger
   Unsigned UnsignedInteger Int Integer TinyInt SmallInt MediumInt BigInt IntUnsigned IntegerUnsigned BigIntUnsigned Float Double Real Date Time Datetime
   Timestamp JSON IntegerLength Text Default Error
   with recursive cte_tables alias name columns query body locks pipe_operators optimizer_hints projection from relation joins join_operator selection
   group_by having named_window window_before_qualify flavor select_token token span value quote_style expr left right op set_quantifier
   limit_clause limit offset rows order_by kind options asc nulls_first distinct select_modifiers high_priority straight_join sql_small_result
   sql_big_result sql_buffer_result sql_no_cache sql_calc_found_rows parameters args duplicate_treatment clauses null_treatment over within_group
   window_name partition_by window_frame units start_bound end_bound lateral subquery explicit index_hints hint_type index_type for_clause index_names
   partitions table_with_joins negated conditions condition result operand else_result case_token end_token low high pattern escape_char regexp any
   list field syntax in trim_where trim_what substring_from substring_for special shorthand data_type uses_odbc_syntax match_value
   opt_search_modifier prefix array compare_op is_some leading_field leading_precision last_field fractional_seconds_precision collation charset
   target_before_value styles wildcard_token opening_token closing_token closing_paren_token content explicit_row with_token json_expr json_path path
   exists on_empty on_error type nested global top_before_distinct with_ordinality length fetch with_ties percent quantity`.split(/\s+/),
)

/** Of a write, besides. */
export const writeNodes: ReadonlySet<string> = new Set(
  `Insert Update Delete TableName ColumnName DuplicateKeyUpdate WithFromKeyword WithoutKeyword
   into table source on assignments target replace_into ignore overwrite returning tables using or priority insert_alias row_alias col_aliases
   LowPriority Delayed HighPriority update_token delete_token insert_token has_table_keyword table_alias`.split(/\s+/),
)

/** Operators that only compute. Assignment to a variable is one too, and not among them. */
export const readOperators: ReadonlySet<string> = new Set(
  `Plus Minus Multiply Divide Modulo StringConcat Gt Lt GtEq LtEq Spaceship Eq NotEq And Or Xor BitwiseOr BitwiseAnd BitwiseXor MyIntegerDivide
   PGBitwiseShiftLeft PGBitwiseShiftRight PGBitwiseXor Arrow LongArrow Not BitwiseNot BangNot PGBitwiseNot Union Except Intersect`.split(
    /\s+/,
  ),
)
