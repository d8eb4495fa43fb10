extension Rule {
    private static let reads = "what a client makes of wrong values stays inside it"
    private static let says = "a client that only watches says no such values"

    static let versions: [Rule] = [
        Rule("V1", .view, must: true, "the newest version that both know"),
        Rule("V2", .view, must: true, "unknown fields are ignored"),
        Rule("V3", .view, "an unknown message: error 501 from a server, nothing from a client"),
        Rule(
            "V4", .view, "numbers are never given twice",
            server: "it binds the specification's authors",
            client: "it binds the specification's authors"),
        Rule(
            "V5", .view, "nothing is taken away within a version",
            server: "it binds the specification's authors",
            client: "it binds the specification's authors"),
        Rule("V6", .view, "features are named", client: forServers),
    ]

    static let encodings: [Rule] = [
        Rule("E1", .view, must: true, "both encodings carry the same values"),
        Rule("E2", .view, "numbers are equal by value, texts by bytes", client: reads),
        Rule("E3", .view, must: true, "every form of a value is taken"),
        Rule("E4", .view, must: true, "text is valid UTF-8", client: reads),
        Rule("E5", .view, must: true, "keys are texts, each once", client: reads),
        Rule("E6", .view, "nested at most 64 deep", client: reads),
        Rule("E7", .view, "the range of integers"),
        Rule("E8", .view, "no NaN, no infinity", client: reads),
        Rule("E10", .view, "canonical MessagePack", client: says),
        Rule("E11", .view, "bytes are bin, text is str"),
        Rule("E12", .view, must: true, "times in MessagePack", client: reads),
        Rule("E13", .view, "nothing follows the value", client: reads),
        Rule("E14", .view, must: true, "no count beyond the bytes", client: reads),
        Rule("E15", .view, "c1 begins nothing", client: reads),
        Rule("E16", .view, "wrong kinds, missing fields, long paths", client: reads),
        Rule("E20", .view, "JSON is read strictly", client: reads),
        Rule("E21", .view, "canonical JSON", client: says),
        Rule("E22", .view, "decimals with the fewest digits"),
        Rule("E23", .view, "integers are read exactly"),
        Rule("E30", .view, "times in JSON", client: reads),
        Rule("E31", .view, "large integers are tagged"),
        Rule("E32", .view, "a user's map that looks like a tag is escaped"),
        Rule("E33", .view, "a tag has one form", client: reads),
        Rule("E40", .view, "paths, and patterns with null for any name"),
        Rule("E41", .view, must: true, "unknown fields, null, false and empty lists"),
        Rule("E42", .view, "a wrong field makes the message void and is named", client: reads),
        Rule("E43", .view, "an unknown kind is answered within a bound"),
        Rule("E44", .view, "a hash is sixteen digits"),
        Rule("E45", .view, "null alone is no pattern", server: unplayed, client: reads),
        Rule("E46", .full, "an empty map is a value", server: unplayed, client: unplayed),
        Rule("E48", .full, "sealed and signed leaves", server: unplayed, client: forServers),
        Rule(
            "E49", .view, "tags and escapes within set and document", server: unplayed, client: says
        ),
        Rule("E47", .view, "what is ignored is well formed", server: unplayed, client: unplayed),
    ]

    static let messages: [Rule] = [
        Rule("M1", .view, must: true, "a message in JSON; nothing depends on its timestamp"),
        Rule("M2", .view, "a message in MessagePack, without nils at its end"),
        Rule("M3", .view, "null is the same as absent"),
        Rule("M4", .view, "ids and versions from 0 to 2^53 - 1", client: reads),
        Rule("M5", .view, must: true, "error 500 and skipped; an error is never answered"),
        Rule("M6", .view, "absent and not allowed answer alike", client: forServers),
        Rule("M7", .recover, "an unknown code has the remedy of its hundred", server: forClients),
        Rule("M8", .full, "silence when all is well", client: forServers),
        Rule(
            "M10", .full, "an error ends no request", server: unplayed, client: unplayed),
        Rule(
            "M9", .full, "of reading the past nothing is remembered", server: unplayed,
            client: optional),
    ]

    static let codes: [Rule] = [
        Rule("X1", .recover, "a code's hundred says what to do", server: forClients),
        Rule("X2", .view, "close codes have 3,000 added"),
        Rule(
            "X3", .view, "after 300 and 500 a client does not come back as it was",
            server: forClients),
        Rule("X4", .full, "which answer belongs to which request", client: forServers),
        Rule(
            "X6", .recover, must: true, "at once is once", server: forClients, client: unplayed),
        Rule(
            "X7", .recover, "what was too large is not said again", server: forClients,
            client: unplayed),
        Rule("X8", .recover, "102 answers a goodbye", server: unplayed, client: unplayed),
        Rule("X5", .recover, "what is refused was not done", client: forServers),
        Rule("N1", .recover, must: true, "the terms of opened hold", server: forClients),
        Rule("N3", .recover, "a wrong term is none", server: forClients, client: unplayed),
        Rule(
            "N2", .view, must: true, "no message above messageBytes",
            client: "a client with so much to say was not at hand"),
    ]

    static let documents: [Rule] = [
        Rule("D1", .view, "a path has at most 16 names", client: forServers),
        Rule("D2", .view, "a list is one leaf"),
        Rule("D3", .view, "the empty map is a leaf"),
        Rule("D4", .view, "a map goes with its last leaf"),
        Rule("D5", .view, "a leaf and a map take each other's place"),
        Rule("D6", .view, "a patch is applied whole or not at all", client: forServers),
        Rule("D7", .view, "set is laid over, unset names paths", client: forServers),
        Rule("D8", .full, "increments", client: forServers),
        Rule("D9", .full, "conditions", client: forServers),
        Rule("D10", .view, "a diff has all that differs"),
        Rule("D11", .view, "its values are absolute"),
        Rule("D12", .view, "all unsets, then all sets"),
        Rule("D13", .view, "what is removed above a view", client: forServers),
        Rule("D14", .full, "increments travel as sums", client: forServers),
        Rule("D15", .view, must: true, "old diffs are ignored, gaps resumed"),
        Rule("D16", .view, "an equal value sends nothing", client: forServers),
        Rule("D17", .recover, "below the floor a snapshot", client: forServers),
        Rule("D18", .view, "paths in MessagePack"),
        Rule("D19", .view, "nil where nothing is set", server: forClients, client: unplayed),
        Rule("D24", .view, "no diff sets the document itself", server: unplayed, client: unplayed),
        Rule("D20", .view, "a mask has at most 64 patterns", client: forServers),
        Rule("D21", .view, "equal masks are one view", client: forServers),
        Rule("D22", .view, "a view is asked ∩ allowed", client: forServers),
        Rule("D23", .view, "a leaf above a pattern is not shown", client: forServers),
        Rule("D30", .view, "aliases count from their frame on"),
        Rule("D31", .full, "a row's key is a text", client: says),
        Rule("D32", .view, must: true, "a frame carries the definitions it needs"),
        Rule("D33", .view, must: true, "hidden names get no alias", client: forServers),
        Rule(
            "D34", .recover, must: true, "aliases are kept with the cursor", server: forClients),
        Rule("D40", .view, "the hash of a view"),
        Rule("D41", .view, "a leaf's bytes in the hash"),
        Rule("D42", .view, "a hash is sixteen digits, first lane first"),
        Rule("D43", .view, "a hash counts at its version only"),
        Rule(
            "D44", .view, "it finds faults, not attackers", server: "it is no duty",
            client: "it is no duty"),
    ]
}
