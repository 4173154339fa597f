import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "../src/api/Api";
import { StoredFiles } from "../src/files/StoredFiles";
import { Tokens } from "../src/session/Tokens";

const answers = vi.fn<(path: string) => Promise<Response>>();
const revoked = vi.spyOn(URL, "revokeObjectURL");

function storedFiles(): StoredFiles {
  const access = `head.${btoa(JSON.stringify({ iat: 0, exp: 4_000_000_000 }))}.signature`;
  return new StoredFiles(new Api(new Tokens({ access, refresh: "" }, vi.fn(), vi.fn())));
}

beforeEach(() => {
  vi.stubGlobal("fetch", answers);
  answers.mockImplementation(async () => new Response("a picture"));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetAllMocks();
});

test("a file is fetched once for all who show it, and kept for a while", async () => {
  const files = storedFiles();
  const [first, second] = await Promise.all([files.hold("/a.png"), files.hold("/a.png")]);
  expect(second).toBe(first);
  files.release("/a.png");
  files.release("/a.png");
  expect(await files.hold("/a.png")).toBe(first);
  expect(answers).toHaveBeenCalledTimes(1);
});

test("what was stored from here is not fetched at all", async () => {
  const files = storedFiles();
  files.put("/a.png", new Blob(["a picture"]));
  expect(await files.hold("/a.png")).toMatch(/^blob:/);
  expect(answers).not.toHaveBeenCalled();
});

test("a failure is not kept", async () => {
  const files = storedFiles();
  answers.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await expect(files.hold("/a.png")).rejects.toMatchObject({ code: "network" });
  files.release("/a.png");
  expect(await files.hold("/a.png")).toMatch(/^blob:/);
});

test("only what nobody shows is given up, the longest unseen first", async () => {
  const files = storedFiles();
  const shown = await files.hold("/shown.png");
  const first = await files.hold("/0.png");
  files.release("/0.png");
  for (let n = 1; n <= 40; n += 1) {
    await files.hold(`/${n}.png`);
    files.release(`/${n}.png`);
  }
  await vi.waitFor(() => expect(revoked).toHaveBeenCalledWith(first));
  expect(revoked).not.toHaveBeenCalledWith(shown);
  files.dispose();
  await vi.waitFor(() => expect(revoked).toHaveBeenCalledWith(shown));
});
