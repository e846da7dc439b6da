using System.Text;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Support;

/// <summary>Reads the tokenizer keys of a GGUF v3 file; trusts the file, since it is for test data only.</summary>
internal static class GgufVocabularyReader
{
    public static GgufVocabulary Read(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        Assert.Equal("GGUF"u8.ToArray(), reader.ReadBytes(4));
        reader.ReadUInt32();
        reader.ReadInt64();
        var values = new Dictionary<string, object>();
        for (var count = reader.ReadInt64(); count > 0; count--)
        {
            var key = Text(reader);
            values[key] = Value(reader, reader.ReadInt32());
        }

        T? Get<T>(string key) => values.TryGetValue($"tokenizer.ggml.{key}", out var value) ? (T)value : default;
        int? Id(string key) => values.TryGetValue($"tokenizer.ggml.{key}", out var value) ? unchecked((int)Convert.ToInt64(value)) : null;
        bool? Flag(string key) => values.TryGetValue($"tokenizer.ggml.{key}", out var value) ? (bool)value : null;
        return new GgufVocabulary
        {
            Model = Get<string>("model")!,
            Pre = Get<string>("pre"),
            Tokens = [.. Get<object[]>("tokens")!.Cast<string>()],
            Scores = Get<object[]>("scores")?.Cast<float>().ToArray(),
            TokenTypes = Get<object[]>("token_type")?.Cast<int>().ToArray(),
            Merges = Get<object[]>("merges")?.Cast<string>().ToArray(),
            BosId = Id("bos_token_id"),
            EosId = Id("eos_token_id"),
            EotId = Id("eot_token_id"),
            PadId = Id("padding_token_id"),
            UnknownId = Id("unknown_token_id"),
            AddBos = Flag("add_bos_token"),
            AddEos = Flag("add_eos_token"),
            AddSpacePrefix = Flag("add_space_prefix"),
        };
    }

    private static object Value(BinaryReader reader, int type) => type switch
    {
        0 => reader.ReadByte(),
        1 => reader.ReadSByte(),
        2 => reader.ReadUInt16(),
        3 => reader.ReadInt16(),
        4 => reader.ReadUInt32(),
        5 => reader.ReadInt32(),
        6 => reader.ReadSingle(),
        7 => reader.ReadByte() != 0,
        8 => Text(reader),
        9 => Array(reader),
        10 => reader.ReadUInt64(),
        11 => reader.ReadInt64(),
        12 => reader.ReadDouble(),
        _ => throw new InvalidDataException($"GGUF value type {type}"),
    };

    private static object[] Array(BinaryReader reader)
    {
        var type = reader.ReadInt32();
        var items = new object[reader.ReadInt64()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = Value(reader, type);
        }

        return items;
    }

    private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));
}
