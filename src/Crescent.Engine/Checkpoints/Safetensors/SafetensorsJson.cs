using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>Checked steps through JSON from outside; every refusal names the file and the offset.</summary>
/// <param name="start">Offset of the JSON in the file.</param>
internal sealed class SafetensorsJson(string path, long start)
{
    public static JsonReaderOptions Options { get; } = new() { MaxDepth = 16 };

    /// <summary>Offset of the current token in the file.</summary>
    public long At(in Utf8JsonReader reader) => start + reader.TokenStartIndex;

    /// <summary>The current string or name.</summary>
    public string Text(in Utf8JsonReader reader, string what, int limit)
    {
        if (reader.ValueSpan.Length > limit)
        {
            Throw(At(reader), what, $"at most {limit} bytes", reader.ValueSpan.Length.ToString());
        }

        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            Throw(At(reader), what, "UTF-8", FileText.Escape(exception.Message));
            return null;
        }
    }

    public void Require(in Utf8JsonReader reader, JsonTokenType type, string what, string? name = null)
    {
        if (reader.TokenType != type)
        {
            Throw(At(reader), name is null ? what : $"{what} '{FileText.Escape(name)}'", type.ToString(), Found(reader));
        }
    }

    /// <summary>Reads the next value: at most <paramref name="limit"/> integers from 0 up.</summary>
    public long[] Integers(ref Utf8JsonReader reader, int limit, string what, string name)
    {
        reader.Read();
        Require(reader, JsonTokenType.StartArray, what, name);
        Span<long> values = stackalloc long[limit];
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || count == limit || !reader.TryGetInt64(out values[count]) || values[count] < 0)
            {
                Throw(At(reader), $"{what} '{FileText.Escape(name)}'", $"at most {limit} integers of 0 to {long.MaxValue}", Found(reader));
            }

            count++;
        }

        return values[..count].ToArray();
    }

    [DoesNotReturn]
    public void ThrowMalformed(in Utf8JsonReader reader, string what, JsonException exception) =>
        Throw(start + reader.BytesConsumed, what, "a JSON object", FileText.Escape(exception.Message));

    [DoesNotReturn]
    public void Throw(long offset, string what, string expected, string found) =>
        throw new CheckpointException($"{path}: offset {offset}: {what}: expected {expected}, found {found}");

    private static string Found(in Utf8JsonReader reader) =>
        $"{reader.TokenType} {FileText.Escape(Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(64, reader.ValueSpan.Length)]))}".TrimEnd();
}
