/** Rows of the metadata tables, one interface per table, in the order of the migrations. */
export interface Database {
  readonly placeholder: { readonly id: string }
}
