extension Page {
    /// Two sets of colours, by the reader's choice; figures stand in columns of equal digits.
    static let style = """
        :root{color-scheme:light dark;--page:#fbfbfa;--ink:#1c1d1f;--soft:#64676d;--rule:#e3e3e0;
        --card:#fff;--c1:#2468c9;--c2:#c2571a;--good:#1f7a45;--bad:#b3261e}
        @media(prefers-color-scheme:dark){:root{--page:#15161a;--ink:#e8e8e6;--soft:#9a9da5;
        --rule:#2d2f36;--card:#1d1f25;--c1:#6ba4f5;--c2:#ee9457;--good:#5cc48a;--bad:#ff8a80}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);
        font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
        font-variant-numeric:tabular-nums}
        main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
        h1{font-size:1.9rem;line-height:1.2;margin:.3rem 0}
        h2{font-size:1.05rem;margin:2.5rem 0 .6rem}
        header p{margin:.2rem 0;color:var(--soft)}
        .verdict{display:inline-block;padding:.1rem .7rem;border-radius:1rem;color:#fff;
        font-weight:600;background:var(--soft)}
        header .verdict{color:var(--page)}
        .verdict.held{background:var(--good)}.verdict.missed{background:var(--bad)}
        header p.bad,.bad td{color:var(--bad);font-weight:600}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;
        margin:1.8rem 0}
        .tiles div,figure{background:var(--card);border:1px solid var(--rule);
        border-radius:.6rem;padding:.9rem 1rem;margin:0}
        .tiles span{display:block;color:var(--soft);font-size:.82rem}
        .tiles b{display:block;font-size:1.6rem;line-height:1.3}
        figure{margin:0 0 .8rem}
        figcaption{display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap}
        figcaption span{color:var(--soft);font-size:.85rem}
        .legend{margin-left:auto}
        .legend i{display:inline-block;width:.8rem;height:.2rem;margin:0 .35rem .2rem .8rem;
        background:currentColor}
        .c1{color:var(--c1)}.c2{color:var(--c2)}
        svg{display:block;width:100%;height:auto;margin-top:.5rem}
        svg text{font-size:11px;fill:var(--soft)}
        .up{text-anchor:end}.across{text-anchor:middle}
        .grid{stroke:var(--rule);fill:none}
        .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
        .area{fill:currentColor;opacity:.12}
        .dot{fill:currentColor}
        .hit{fill:transparent}.hit:hover{fill:currentColor}
        .wide{overflow-x:auto}.pairs table{max-width:36rem}
        table{border-collapse:collapse;width:100%;font-size:.88rem}
        td,th{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--rule);
        white-space:nowrap}
        th{color:var(--soft);font-weight:500}
        td:first-child,th:first-child{text-align:left;padding-left:0}
        """
}
