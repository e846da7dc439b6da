using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Crescent.Server.Llama.Wire;

/// <summary>Bytes as a string where they are UTF-8, else as a list of numbers.</summary>
internal sealed class PieceConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("pieces are only written");

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options)
    {
        if (Utf8.IsValid(value))
        {
            writer.WriteStringValue(value);
            return;
        }

        writer.WriteStartArray();
        foreach (var one in value)
        {
            writer.WriteNumberValue(one);
        }

        writer.WriteEndArray();
    }
}
