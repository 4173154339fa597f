"""Browser windows of a test: watched for errors, kept as pictures when the test fails."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    ViewportSize,
    expect,
)

# Long for a quiet machine, so that a busy one is no failure; every wait ends as soon as it may.
WITHIN_S = 15
SIZE: ViewportSize = {"width": 1200, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

expect.set_options(timeout=WITHIN_S * 1000)


class Windows:
    """Opens contexts (each a browser of its own, with its own storage) and the pages in them."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._contexts: list[BrowserContext] = []
        self._expected: list[str] = []
        self._errors: list[str] = []

    def expect_errors(self, *parts: str) -> None:
        """Errors that contain one of these belong to the test: browsers log each request that fails."""
        self._expected += parts

    @property
    def errors(self) -> list[str]:
        """What the pages logged as errors, or threw, beside what is expected."""
        return [error for error in self._errors if not any(part in error for part in self._expected)]

    async def context(self, **options: Any) -> BrowserContext:
        """A new browser profile; ``options`` (``color_scheme``, ``viewport`` …) are those of Playwright."""
        settings: dict[str, Any] = {"viewport": SIZE, "reduced_motion": "reduce", "locale": "en-GB"}
        context = await self._browser.new_context(**(settings | options))
        self._contexts.append(context)
        context.set_default_timeout(WITHIN_S * 1000)
        context.on("console", self._heard)
        context.on("weberror", lambda thrown: self._errors.append(f"thrown: {thrown.error}"))
        context.on("dialog", self._asked)
        await context.tracing.start(snapshots=True)
        return context

    async def page(self, url: str, **options: Any) -> Page:
        """A page of a new profile on ``url``."""
        page = await (await self.context(**options)).new_page()
        await page.goto(url)
        return page

    async def close(self, *, keep: bool) -> None:
        """Close all. ``keep``: leave a picture of each page, and the trace of each context, in the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for number, context in enumerate(self._contexts, 1):
            if keep:
                await self._keep(context, number)
            else:
                await context.tracing.stop()
            await context.close()

    async def _keep(self, context: BrowserContext, number: int) -> None:
        await context.tracing.stop(path=self._folder / f"{number}.zip")
        for index, page in enumerate(context.pages, 1):
            try:
                await page.screenshot(path=self._folder / f"{number}-{index}.png", timeout=5_000)
            except Error as error:
                (self._folder / f"{number}-{index}.txt").write_text(f"No picture of {page.url}: {error}")

    async def _asked(self, dialog: Dialog) -> None:
        self._errors.append(f"{dialog.type}: {dialog.message}")  # the page has none of its own
        await dialog.dismiss()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(f"console: {message.text} ({message.location['url']})")
