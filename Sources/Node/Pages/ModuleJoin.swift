/// Joins JavaScript modules into one that does the same, so that a browser has one file to wait for
/// where it would have thirty.
///
/// Each module becomes a block, in which its own names are its own; what it exports is put into an
/// object at its end, from which those that import it take it at their beginning:
///
///     const m0 = {}, m1 = {};
///     {
///     function f() { … }
///     Object.assign(m0, { f });
///     }
///     {
///     const { f: g } = m0;
///     g();
///     }
///
/// It knows the forms that our modules have, one statement a line or an import over several, and
/// gives nil for others; then the modules are sent as they are.
struct ModuleJoin {
    private let modules: [String: [UInt8]]
    /// By path: its place in the order in which they are run, an imported one before its importer.
    private var places: [String: Int] = [:]
    private var visiting: Set<String> = []
    private var blocks: [String] = []

    private init(_ modules: [String: [UInt8]]) { self.modules = modules }

    /// The module at `entry` with all that it needs; modules are named by absolute paths.
    static func join(_ entry: String, of modules: [String: [UInt8]]) -> [UInt8]? {
        var join = ModuleJoin(modules)
        guard join.place(of: entry) != nil else { return nil }
        let objects = join.blocks.indices.map { "m\($0) = {}" }.joined(separator: ", ")
        return [UInt8](("const " + objects + ";\n" + join.blocks.joined()).utf8)
    }

    /// Where a module stands; puts it there first, behind what it imports. Nil when it is absent,
    /// imports itself by a round, or has a form that is not known.
    private mutating func place(of path: String) -> Int? {
        if let place = places[path] { return place }
        guard let bytes = modules[path], visiting.insert(path).inserted else { return nil }
        var head = ""
        var body = ""
        var exports: [String] = []
        var statement = ""
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            statement += statement.isEmpty ? line : " " + line
            let isList =
                statement.hasPrefix("import ") && !statement.hasPrefix("import(")
                || statement.hasPrefix("export {")
            if isList {
                guard statement.hasSuffix(";") else { continue }
                guard let list = NameList(statement) else { return nil }
                if let source = list.source {
                    guard let from = place(of: ModuleJoin.resolve(source, from: path)) else {
                        return nil
                    }
                    if list.isImport {
                        head += "const { \(list.taking) } = m\(from);\n"
                    } else {
                        exports += list.names.map { "\($0.outer): m\(from).\($0.inner)" }
                    }
                } else {
                    exports += list.names.map { "\($0.outer): \($0.inner)" }
                }
            } else if statement.hasPrefix("export ") {
                let declaration = statement.dropFirst("export ".count)
                guard let name = ModuleJoin.declared(declaration) else { return nil }
                exports.append(name)
                body += declaration + "\n"
            } else {
                body += statement + "\n"
            }
            statement = ""
        }
        guard statement.isEmpty else { return nil }
        let place = blocks.count
        places[path] = place
        let given =
            exports.isEmpty
            ? "" : "Object.assign(m\(place), { \(exports.joined(separator: ", ")) });\n"
        blocks.append("{\n" + head + body + given + "}\n")
        return place
    }

    /// The name that a declaration gives.
    private static func declared(_ declaration: Substring) -> String? {
        for word in ["async function ", "function ", "class ", "const "]
        where declaration.hasPrefix(word) {
            let name = declaration.dropFirst(word.count).prefix {
                $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$"
            }
            return name.isEmpty ? nil : String(name)
        }
        return nil
    }

    /// `../fieldcast/fieldcast.js`, from `/ui/board.js`, is `/fieldcast/fieldcast.js`.
    static func resolve(_ name: String, from path: String) -> String {
        if name.hasPrefix("/") { return name }
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in name.split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(String(part))
            }
        }
        return "/" + parts.joined(separator: "/")
    }
}

/// `import { a, b as c } from "./x.js";`, `export { a };` or `export { a as b } from "./x.js";`.
private struct NameList {
    let isImport: Bool
    /// As it is called in the module that has it, and as the other one calls it.
    var names: [(inner: String, outer: String)] = []
    var source: String?

    init?(_ statement: String) {
        isImport = statement.hasPrefix("import ")
        guard let begin = statement.firstIndex(of: "{"), let end = statement.firstIndex(of: "}")
        else { return nil }
        for item in statement[statement.index(after: begin)..<end].split(separator: ",") {
            let words = item.split(separator: " ").map(String.init)
            switch words.count {
            case 0: break
            case 1: names.append((words[0], words[0]))
            case 3 where words[1] == "as": names.append((words[0], words[2]))
            default: return nil
            }
        }
        let rest = statement[statement.index(after: end)...].split(separator: "\"")
        switch rest.count {
        case 1 where !isImport && rest[0] == ";": break
        case 3 where rest[0] == " from " && rest[2] == ";": source = String(rest[1])
        default: return nil
        }
    }

    /// As the pattern that takes the names out of an object.
    var taking: String {
        names.map { $0.inner == $0.outer ? $0.inner : "\($0.inner): \($0.outer)" }
            .joined(separator: ", ")
    }
}
