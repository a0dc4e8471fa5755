// Tools for tests: folders that are written, calls through the command line.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './parley.mjs';

// One text in, one text out, so that tests need few words. `more` are further lines of tool.yaml.
export const manifest = (name, run, more = '') => `name: ${name}
title: ${name}
description: A tool of a test.
effects: read
timeout_ms: 2000
${run ? `run: ${JSON.stringify(run)}\n` : ''}input:
  type: object
  properties: {text: {type: string}}
output:
  type: object
  properties: {text: {type: string}}
${more}`;

export const python = (body) => `from parley_tool import ToolError, serve\n\n\ndef run(text="", call=None):\n${
  body.split('\n').map((line) => '    ' + line).join('\n')}\n\n\nserve(run)\n`;

export const folderOf = (parley, name) => path.join(parley.data, 'tools', name);

export function putTool(parley, name, files) {
  const folder = folderOf(parley, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
}

export const putPython = (parley, name, body, more) =>
  putTool(parley, name, { 'tool.yaml': manifest(name, ['python3', `${name}.py`], more), [`${name}.py`]: python(body) });

export const removeTool = (parley, name) => rmSync(folderOf(parley, name), { recursive: true, force: true });

export async function rowOf(parley, name) {
  const { tools } = JSON.parse((await parley.cli(['tool', 'list', '--json'])).stdout);
  return tools.find((row) => row.name === name);
}

export const isTool = (parley, name, state, limitMs = 30000) =>
  until(`tool ${name} is ${state}`, async () => {
    const row = await rowOf(parley, name);
    return (row?.state ?? 'none') === state && (row ?? true);
  }, limitMs);

// { code, result, text }; result is parsed.
export async function callTool(parley, name, args = {}, options = []) {
  const ran = await parley.cliAny(['tool', 'call', name, JSON.stringify(args), ...options]);
  return { code: ran.code, result: ran.stdout ? JSON.parse(ran.stdout.split('\n')[0]) : undefined, text: ran.stderr.trim() };
}
