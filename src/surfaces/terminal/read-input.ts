import { readFile } from 'node:fs/promises'
import { ShellError } from '../../domain/index.ts'
import type { TerminalEnvironment } from './environment.ts'

/** All of stdin as text. */
export async function readAll(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** A file's text, or stdin's where the name is `-`. */
export async function readTextFrom(env: TerminalEnvironment, file: string): Promise<string> {
  return file === '-' ? readAll(env.stdin) : readFile(file, 'utf8')
}

/** Asks for a password on the terminal without showing it. Throws kind `invalid` where there is no terminal. */
export async function promptPassword(env: TerminalEnvironment, prompt: string): Promise<string> {
  if (!env.isTty || env.stdin.setRawMode === undefined) {
    throw new ShellError({
      code: 'terminal.no-prompt',
      kind: 'invalid',
      message: 'A password is needed, and there is no terminal to ask for it.',
      hint: 'Use --password-file or --password-stdin; a password on the command line would show in the process list.',
    })
  }
  env.stderr.write(prompt)
  env.stdin.setRawMode(true)
  try {
    return await readHiddenLine(env.stdin)
  } finally {
    env.stdin.setRawMode(false)
    env.stdin.pause()
    env.stderr.write('\n')
  }
}

function readHiddenLine(input: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const settle = (act: () => void): void => {
      input.removeListener('data', take)
      act()
    }
    const take = (chunk: Buffer | string): void => {
      for (const char of chunk.toString()) {
        if (char === '\r' || char === '\n') return settle(() => resolve(text))
        if (char === '\x03' || (char === '\x04' && text === '')) return settle(() => reject(new DOMException('Interrupted.', 'AbortError')))
        if (char === '\x7f' || char === '\b') text = text.replace(/.$/su, '')
        else if (char === '\x15') text = ''
        else if (char >= ' ') text += char
      }
    }
    input.on('data', take)
    input.resume()
  })
}
