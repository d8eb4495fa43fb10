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

extension NodeProgram {
    /// All that is wrong with the text of a configuration, files that it names aside.
    public static func mistakes(inConfiguration text: [UInt8]) -> [ConfigurationMistake] {
        ConfigurationReader(ConfigurationText(text)).mistakes
    }
}
