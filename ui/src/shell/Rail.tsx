import { Fragment, type JSX } from "preact";
import { Glyph } from "../parts/Glyph";
import { LAST_SECTION, PAGES } from "../pages";
import { follow, linkTo, place } from "../state/place";

export function Rail(): JSX.Element {
  const here = place.value.page;
  return (
    <aside class="rail">
      <a class="brand" href={linkTo({ page: "map", focus: "" })} onClick={(event) => follow(event, { page: "map", focus: "" })} aria-label="Calipso, home">
        <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
          <path d="M13 3.2c3.6 2.6 3.6 6.200 0 9.800-3.600 3.600-3.600 7.200 0 9.800" class="brand-line" />
          <circle cx="13" cy="3.600" r="2.600" class="brand-dot" />
          <circle cx="13" cy="13" r="2.600" class="brand-dot" />
          <circle cx="13" cy="22.400" r="2.600" class="brand-dot" />
        </svg>
      </a>
      <nav aria-label="Pages">
        {PAGES.map((page, i) => (
          <Fragment key={page.id}>
            {i > 0 && PAGES[i - 1]?.section !== page.section ? <div class={page.section === LAST_SECTION ? "spacer" : "sec"} /> : null}
            <a href={linkTo({ page: page.id })} onClick={(event) => follow(event, { page: page.id })} aria-current={page.id === here ? "page" : undefined}>
              <Glyph name={page.glyph} />
              <span>{page.label}</span>
            </a>
          </Fragment>
        ))}
      </nav>
    </aside>
  );
}
