import Transport

/// `fieldcast-node config …`
extension NodeProgram {
    static func explain(_ wish: NodeCommand.ConfigWish) -> Int32 {
        switch wish {
        case .example: Process.write(ConfigurationExample.text)
        case .reference: Process.write(ConfigurationReference.text)
        }
        return 0
    }
}
