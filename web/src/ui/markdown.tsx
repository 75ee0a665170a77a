/// Markdown as elements. The parser's tokens become elements here, one kind after the other: no HTML is ever made of
/// what a model or a device said. Raw HTML is shown as text, images are shown as links, and a link goes to http, https
/// or mailto alone.
///
/// Bounds: what is longer than shown_characters_max, or deeper than depth_max, is shown as plain text.

import { Lexer, type Token, type Tokens } from 'marked';
import { memo } from './memo';
import type { ComponentChildren } from 'preact';

import { CopyButton } from './parts';

const shown_characters_max = 200_000;
const depth_max = 24;
const parsed_characters_max = 60_000;

export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function Link({ href, children }: { href: string; children: ComponentChildren }) {
  const safe = safeHref(href);
  if (!safe) return <span>{children}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function unescape(text: string): string {
  const named: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (one) => named[one] ?? one);
}

function all(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token) => one(token, depth + 1));
}

function one(token: Token, depth: number): ComponentChildren {
  if (depth > depth_max) return token.raw;
  switch (token.type) {
    case 'space':
      return null;
    case 'heading': {
      const level = Math.min(6, (token as Tokens.Heading).depth + 2);
      const Tag = `h${level}` as 'h3';
      return <Tag>{all(token.tokens, depth)}</Tag>;
    }
    case 'paragraph':
      return <p>{all(token.tokens, depth)}</p>;
    case 'code':
      return (
        <figure class="snippet">
          <figcaption>
            <span>{(token as Tokens.Code).lang || ''}</span>
            <CopyButton text={(token as Tokens.Code).text} />
          </figcaption>
          <pre tabIndex={0}>
            <code>{(token as Tokens.Code).text}</code>
          </pre>
        </figure>
      );
    case 'blockquote':
      return <blockquote>{all(token.tokens, depth)}</blockquote>;
    case 'list': {
      const list = token as Tokens.List;
      const items = list.items.map((item) => <li>{all(item.tokens, depth)}</li>);
      return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table': {
      const table = token as Tokens.Table;
      return (
        <div class="table-box" tabIndex={0} role="group">
          <table>
            <thead>
              <tr>
                {table.header.map((cell) => (
                  <th scope="col">{all(cell.tokens, depth)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <tr>
                  {row.map((cell) => (
                    <td>{all(cell.tokens, depth)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    case 'hr':
      return <hr />;
    case 'strong':
      return <strong>{all(token.tokens, depth)}</strong>;
    case 'em':
      return <em>{all(token.tokens, depth)}</em>;
    case 'del':
      return <del>{all(token.tokens, depth)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return <Link href={(token as Tokens.Link).href}>{all(token.tokens, depth)}</Link>;
    case 'image':
      return <Link href={(token as Tokens.Image).href}>🖼 {(token as Tokens.Image).text || (token as Tokens.Image).href}</Link>;
    case 'text': {
      const text = token as Tokens.Text;
      return text.tokens ? all(text.tokens, depth) : unescape(text.raw);
    }
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'checkbox':
      return (token as Tokens.Checkbox).checked ? '☑ ' : '☐ ';
    default:
      return token.raw;
  }
}

function render(source: string): ComponentChildren {
  if (source.length > parsed_characters_max) return <p class="plain-text">{source.slice(0, shown_characters_max)}</p>;
  try {
    return all(new Lexer({ gfm: true, breaks: true }).lex(source), 0);
  } catch {
    return <p class="plain-text">{source}</p>;
  }
}

export const Markdown = memo(function Markdown({ source }: { source: string }) {
  return <div class="markdown">{render(source)}</div>;
});
