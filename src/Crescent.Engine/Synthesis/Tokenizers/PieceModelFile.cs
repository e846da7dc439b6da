using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Crescent.Engine.Synthesis.Tokenizers;

/// <summary>SentencePiece's <c>.model</c> of a BPE vocabulary, a protocol buffer (google/sentencepiece, src/sentencepiece_model.proto).</summary>
internal static class PieceModelFile
{
    private const int Varint = 0;
    private const int Bytes = 2;
    private const int Fixed32 = 5;
    private const int Bpe = 2;

    public static byte[] Write(SynthVocabulary vocabulary)
    {
        var file = new ArrayBufferWriter<byte>();
        var scores = vocabulary.Scores();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            Message(file, 1, Piece(vocabulary.Tokens[id], scores[id], vocabulary.Types[id]));
        }

        Message(file, 2, Trainer(vocabulary));
        Message(file, 3, Normalizer());
        return file.WrittenSpan.ToArray();
    }

    private static ArrayBufferWriter<byte> Piece(string piece, float score, int type)
    {
        var message = new ArrayBufferWriter<byte>();
        Text(message, 1, piece);
        Tag(message, 2, Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(message.GetSpan(sizeof(float)), score);
        message.Advance(sizeof(float));
        if (type != SynthVocabulary.Normal)
        {
            Number(message, 3, (ulong)type);
        }

        return message;
    }

    private static ArrayBufferWriter<byte> Trainer(SynthVocabulary vocabulary)
    {
        var message = new ArrayBufferWriter<byte>();
        Number(message, 3, Bpe);
        Number(message, 4, (ulong)vocabulary.Count);
        Number(message, 35, 1); // byte_fallback
        Number(message, 40, Id(vocabulary, "unknown"));
        Number(message, 41, Id(vocabulary, "bos"));
        Number(message, 42, Id(vocabulary, "eos"));
        Number(message, 43, Id(vocabulary, "padding"));
        Text(message, 45, Name(vocabulary, "unknown"));
        Text(message, 46, Name(vocabulary, "bos"));
        Text(message, 47, Name(vocabulary, "eos"));
        Text(message, 48, Name(vocabulary, "padding"));
        return message;
    }

    private static ArrayBufferWriter<byte> Normalizer()
    {
        var message = new ArrayBufferWriter<byte>();
        Text(message, 1, "identity");
        Number(message, 3, 1); // add_dummy_prefix
        Number(message, 4, 0); // remove_extra_whitespaces
        Number(message, 5, 1); // escape_whitespaces
        return message;
    }

    private static ulong Id(SynthVocabulary vocabulary, string role) => (ulong)vocabulary.IdOf(role)!.Value;

    private static string Name(SynthVocabulary vocabulary, string role) => vocabulary.Tokens[vocabulary.IdOf(role)!.Value];

    private static void Message(ArrayBufferWriter<byte> file, int field, ArrayBufferWriter<byte> message)
    {
        Tag(file, field, Bytes);
        Number(file, (ulong)message.WrittenCount);
        file.Write(message.WrittenSpan);
    }

    private static void Text(ArrayBufferWriter<byte> message, int field, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Tag(message, field, Bytes);
        Number(message, (ulong)bytes.Length);
        message.Write(bytes);
    }

    private static void Number(ArrayBufferWriter<byte> message, int field, ulong value)
    {
        Tag(message, field, Varint);
        Number(message, value);
    }

    private static void Tag(ArrayBufferWriter<byte> message, int field, int wireType) => Number(message, (ulong)((field << 3) | wireType));

    private static void Number(ArrayBufferWriter<byte> message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            message.Write([(byte)(value | 0x80)]);
        }

        message.Write([(byte)value]);
    }
}
