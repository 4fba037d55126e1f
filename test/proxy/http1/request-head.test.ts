import { describe, expect, it } from 'vitest';
import { requestHead, type RequestHead } from '../../../proxy/http1/request-head.js';

const request: RequestHead = { method: 'POST', path: '/mcp?x=1', headers: ['Accept', '*/*'] };
const OWN = { host: 'host: localhost:80\r\n', always: 'own: x\r\n' };

describe('a request head', () => {
  it('says where it goes and how long its body is', () => {
    expect(requestHead(request, OWN, 5)).toBe(
      'POST /mcp?x=1 HTTP/1.1\r\nAccept: */*\r\nhost: localhost:80\r\nown: x\r\ncontent-length: 5\r\n\r\n',
    );
  });

  it('keeps the Host that it is given, and says nothing of a body that is not there', () => {
    const own: RequestHead = { method: 'GET', path: '/', headers: ['Host', 'a.example'] };
    expect(requestHead(own, OWN, null)).toBe('GET / HTTP/1.1\r\nHost: a.example\r\nown: x\r\n\r\n');
  });

  it.each<[string, Partial<RequestHead>]>([
    ['a target that is no path', { path: 'http://x/' }],
    ['a target with a space', { path: '/a b' }],
    ['a target with a line break', { path: '/ HTTP/1.1\r\nx: y' }],
    ['a name that is none', { headers: ['a b', 'c'] }],
    ['an empty name', { headers: ['', 'c'] }],
    ['a line break in a value', { headers: ['a', 'b\r\nc: d'] }],
    ['a NUL in a value', { headers: ['a', 'b\0'] }],
    ['what is not latin1', { headers: ['a', '\u0100'] }],
  ])('is not made of %s', (_, parts) => {
    expect(requestHead({ ...request, ...parts }, OWN, 0)).toBeNull();
  });
});
