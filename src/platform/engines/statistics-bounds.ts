/** How much of a column's values a catalog carries, alike for every engine. */
export const mostValues = 200
/** Longer values name nothing in a question. */
export const longestValue = 80
/** Only so many rows of a table are looked at for its values. */
export const sampledRows = 20_000
/** All sampling of one catalog together. */
export const sampleBudgetMs = 3_000
