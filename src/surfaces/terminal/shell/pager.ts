import type { Paint } from '../render/paint.ts'
import type { PagedContent } from '../render/screen.ts'
import { cutTo, padTo, sliceColumns } from '../render/width.ts'
import type { Keyboard } from './keyboard.ts'

/** Where in the content the window stands. */
interface Window {
  top: number
  left: number
}

const stepColumns = 16
const moves: Readonly<Record<string, (window: Window, page: number, end: Window) => void>> = {
  ' ': (window, page) => (window.top += page),
  '\x1b[6~': (window, page) => (window.top += page),
  f: (window, page) => (window.top += page),
  b: (window, page) => (window.top -= page),
  '\x1b[5~': (window, page) => (window.top -= page),
  j: (window) => (window.top += 1),
  '\r': (window) => (window.top += 1),
  '\x1b[B': (window) => (window.top += 1),
  k: (window) => (window.top -= 1),
  '\x1b[A': (window) => (window.top -= 1),
  l: (window) => (window.left += stepColumns),
  '\x1b[C': (window) => (window.left += stepColumns),
  h: (window) => (window.left -= stepColumns),
  '\x1b[D': (window) => (window.left -= stepColumns),
  g: (window) => (window.top = 0),
  '\x1b[H': (window) => (window.top = 0),
  G: (window, _page, end) => (window.top = end.top),
  '\x1b[F': (window, _page, end) => (window.top = end.top),
}

/** Scrolls text that is taller or wider than the screen; the header stays. Leaves the screen as it found it. */
export async function page(
  content: PagedContent,
  place: {
    readonly keyboard: Keyboard
    readonly out: NodeJS.WritableStream
    readonly paint: Paint
    readonly columns: () => number
    readonly rows: () => number
  },
): Promise<void> {
  const { keyboard, out, paint } = place
  const window: Window = { top: 0, left: 0 }
  const pageRows = (): number => Math.max(1, place.rows() - content.header.length - 1)
  const end = (): Window => ({
    top: Math.max(0, content.lineCount - pageRows()),
    left: Math.max(0, content.width - place.columns()),
  })
  const draw = (): void => {
    window.top = Math.max(0, Math.min(window.top, end().top))
    window.left = Math.max(0, Math.min(window.left, end().left))
    out.write(frame(content, window, { columns: place.columns(), pageRows: pageRows(), paint }))
  }
  out.write('\x1b[?1049h\x1b[?25l')
  out.on('resize', draw)
  draw()
  await new Promise<void>((resolve) => {
    const giveBack = keyboard.lend((keys) => {
      for (const key of keysOf(keys)) {
        if (key === 'q' || key === 'Q' || key === '\x03' || key === '\x1b' || key === '\x04') {
          giveBack()
          resolve()
          return
        }
        moves[key]?.(window, pageRows(), end())
      }
      draw()
    })
  })
  out.removeListener('resize', draw)
  out.write('\x1b[?25h\x1b[?1049l')
}

function frame(content: PagedContent, window: Window, size: { columns: number; pageRows: number; paint: Paint }): string {
  const { columns, pageRows, paint } = size
  const cut = (line: string): string => sliceColumns(line, window.left, window.left + columns)
  const last = Math.min(content.lineCount, window.top + pageRows)
  const lines = content.header.map((line) => paint.bold(cut(line)))
  for (let at = window.top; at < last; at++) lines.push(cut(content.line(at)))
  while (lines.length < content.header.length + pageRows) lines.push('')
  const sideways = content.width > columns ? ', ←→ sideways' : ''
  const place = `${(window.top + 1).toLocaleString('en-US')}–${last.toLocaleString('en-US')} of ${content.footer}`
  const status = padTo(cutTo(` ${place}   q leaves, space pages, ↑↓ lines${sideways}, g/G ends`, columns - 1), columns - 1, 'left')
  return `\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\r\n${paint.isColoured ? `\x1b[7m${status}\x1b[27m` : status}\x1b[K`
}

/** A chunk of keys one by one; an arrow is three characters that belong together. */
function keysOf(keys: string): string[] {
  // oxlint-disable-next-line no-control-regex -- the escape character begins every arrow key
  return Array.from(keys.matchAll(/\x1b\[\d*[~A-Z]|\x1bO[A-Z]|[\s\S]/g), ([key]) => key.replace(/^\x1bO/, '\x1b['))
}
