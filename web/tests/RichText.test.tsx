import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { RichText } from "../src/ui/RichText";

const html = (text: string) => renderToStaticMarkup(<RichText text={text} />);

test("markup is text", () => {
  expect(html("<img src=x onerror=alert(1)>")).toBe("&lt;img src=x onerror=alert(1)&gt;");
});

test("only web addresses become links, without what ends the sentence", () => {
  expect(html("See https://example.org/a?b=1.")).toContain('href="https://example.org/a?b=1"');
  expect(html("See https://example.org/a?b=1.")).toMatch(/<\/a>\.$/);
  expect(html("javascript:alert(1) data:text/html,x")).not.toContain("<a");
  expect(html('https://example.org/"onmouseover="alert(1)')).toContain('href="https://example.org/"');
});

test("names that are mentioned stand out; addresses of mail do not", () => {
  expect(html("Hi @alice!")).toContain('<span class="mention">@alice</span>!');
  expect(html("alice@example.org")).not.toContain("mention");
});
