/** Colours of the terminal, or none. Every method returns text that is safe to concatenate. */
export interface Paint {
  readonly isColoured: boolean
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

const plain = (text: string): string => text
const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? '' : `\x1b[${open}m${text}\x1b[${close}m`

export const noPaint: Paint = { isColoured: false, bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

export const ansiPaint: Paint = {
  isColoured: true,
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
}
