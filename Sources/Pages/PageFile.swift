/// The demonstration's page and the JavaScript client that it uses, as they were when this was
/// built: the program needs no files beside it.
///
/// `web` and `client` beside this file lead to the folders in the root of the tree where they live.
/// The build turns their files into `PackageResources`, by their last names, so no two may be the
/// same.
public struct PageFile: Sendable {
    /// As the browser asks for it.
    public let path: String
    public let kind: Kind
    public let bytes: [UInt8]

    public enum Kind: String, Sendable {
        case page = "text/html; charset=utf-8"
        case style = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case picture = "image/svg+xml"
    }

    private init(_ path: String, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        kind =
            path.hasSuffix(".js")
            ? .script
            : path.hasSuffix(".css") ? .style : path.hasSuffix(".svg") ? .picture : .page
    }

    public static let all: [PageFile] = [
        PageFile("/", PackageResources.index_html),
        PageFile("/icon.svg", PackageResources.icon_svg),
        PageFile("/page.css", PackageResources.page_css),
        PageFile("/page.js", PackageResources.page_js),
        PageFile("/ui/board.js", PackageResources.board_js),
        PageFile("/ui/desk.js", PackageResources.desk_js),
        PageFile("/ui/dom.js", PackageResources.dom_js),
        PageFile("/ui/line.js", PackageResources.line_js),
        PageFile("/ui/numbers.js", PackageResources.numbers_js),
        PageFile("/ui/people.js", PackageResources.people_js),
        PageFile("/ui/standing.js", PackageResources.standing_js),
        PageFile("/ui/wire.js", PackageResources.wire_js),
        PageFile("/fieldcast/fieldcast.js", PackageResources.fieldcast_js),
        PageFile("/fieldcast/src/backoff.js", PackageResources.backoff_js),
        PageFile("/fieldcast/src/client.js", PackageResources.client_js),
        PageFile("/fieldcast/src/codes.js", PackageResources.codes_js),
        PageFile("/fieldcast/src/emitter.js", PackageResources.emitter_js),
        PageFile("/fieldcast/src/environment.js", PackageResources.environment_js),
        PageFile("/fieldcast/src/events.js", PackageResources.events_js),
        PageFile("/fieldcast/src/hash.js", PackageResources.hash_js),
        PageFile("/fieldcast/src/inbox.js", PackageResources.inbox_js),
        PageFile("/fieldcast/src/json.js", PackageResources.json_js),
        PageFile("/fieldcast/src/link.js", PackageResources.link_js),
        PageFile("/fieldcast/src/mask.js", PackageResources.mask_js),
        PageFile("/fieldcast/src/messagepack.js", PackageResources.messagepack_js),
        PageFile("/fieldcast/src/messages.js", PackageResources.messages_js),
        PageFile("/fieldcast/src/mirror.js", PackageResources.mirror_js),
        PageFile("/fieldcast/src/outbox.js", PackageResources.outbox_js),
        PageFile("/fieldcast/src/polling.js", PackageResources.polling_js),
        PageFile("/fieldcast/src/values.js", PackageResources.values_js),
        PageFile("/fieldcast/src/watch.js", PackageResources.watch_js),
    ]
}
