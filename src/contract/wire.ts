/** A shape's type as its readers hold it: nothing that came over the wire is changed in place. */
export type Wire<Shape> = Shape extends readonly (infer Item)[]
  ? readonly Wire<Item>[]
  : Shape extends object
    ? { readonly [Key in keyof Shape]: Wire<Shape[Key]> }
    : Shape
