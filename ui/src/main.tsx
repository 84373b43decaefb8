import { render } from "preact";
import { load as loadGlyphs } from "./glyphs/sprite";
import { followLooks } from "./live/since";
import { follow } from "./live/store";
import { App } from "./shell/App";
import { listen } from "./state/keys";
import { begin as beginTheme } from "./state/theme";
import "./styles/tokens.css";
import "./styles/components.css";
import "./styles/product.css";
import "./styles/pages.css";
import "./styles/tables.css";

beginTheme();
listen();
follow(); // what is asked for is on its way while the glyphs come
followLooks();
void loadGlyphs().finally(() => render(<App />, document.getElementById("app") as HTMLElement));
