#!/usr/bin/env node
import { main, runFile } from '../scripts/start.mjs'

await main((node) => runFile(node, 'src/main.ts', process.argv.slice(2)))
