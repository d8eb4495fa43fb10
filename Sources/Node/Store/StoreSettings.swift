import Transport

/// Where a node keeps what must survive it.
public struct StoreSettings: Sendable {
    public var file: String
    var options = StoreFile.Options()
    /// Tells whoever runs the node what is wrong.
    var complain: @Sendable (String) -> Void = { Process.write($0, to: .error) }
    /// Tells that it is well again; nil where that is told the same way.
    var allIsWell: (@Sendable (String) -> Void)?

    public init(file: String) { self.file = file }
}
