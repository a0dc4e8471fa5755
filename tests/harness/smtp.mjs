// A mail server for tests: takes messages over SMTP (no TLS), with login, and does what it is told to.
import { createServer } from 'node:net';

export class MailServer {
  messages = []; // { from, to, user, text }
  refusals = []; // replies to the next messages instead of taking them: '451 later', 'hang up'
  connections = 0;

  async start() {
    this.server = createServer((socket) => this.serve(socket));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }
  stop() {
    return new Promise((resolve) => this.server.close(resolve));
  }
  serve(socket) {
    this.connections++;
    let buffer = '';
    let message = { to: [] };
    let inData = false;
    let isLogin = false; // the next line is user and password
    const say = (line) => socket.write(`${line}\r\n`);
    const verbs = {
      EHLO: () => say('250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME'),
      HELO: () => say('250 test'),
      AUTH: (rest) => {
        const given = rest.replace(/^PLAIN ?/, '');
        isLogin = given === '';
        if (isLogin) return say('334 ');
        const [, user, password] = Buffer.from(given, 'base64').toString().split('\0');
        message.user = user;
        return say(password === 'm4il' ? '235 ok' : '535 no');
      },
      MAIL: (rest) => { message.from = /<(.*?)>/.exec(rest)[1]; say('250 ok'); },
      RCPT: (rest) => { message.to.push(/<(.*?)>/.exec(rest)[1]); say('250 ok'); },
      DATA: () => { inData = true; message.text = ''; say('354 go on'); },
      RSET: () => { message = { to: [], user: message.user }; say('250 ok'); },
      QUIT: () => { say('221 bye'); socket.end(); },
    };
    const endOfData = () => {
      inData = false;
      const refusal = this.refusals.shift();
      if (refusal === 'hang up') return socket.destroy();
      if (!refusal) this.messages.push(message);
      message = { to: [], user: message.user };
      return say(refusal ?? '250 taken');
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      buffer += chunk;
      for (let at = buffer.indexOf('\r\n'); at >= 0; at = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        if (inData && line === '.') endOfData();
        else if (inData) message.text += `${line}\n`;
        else if (isLogin) verbs.AUTH(`PLAIN ${line}`);
        else (verbs[line.slice(0, 4).toUpperCase()] ?? (() => say('500 what?')))(line.slice(5));
      }
    });
    say('220 test');
  }
}

// The text of a message as our mail has it: base64 behind the empty line.
export const bodyOf = (message) => Buffer.from(message.text.slice(message.text.indexOf('\n\n')), 'base64').toString();
