using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>An embedding, written as a list of numbers or as little-endian float32 in base64.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct EmbeddingValues(float[] Values, bool IsBase64)
{
    internal sealed class Converter : JsonConverter<EmbeddingValues>
    {
        public override EmbeddingValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("embeddings are only written");

        public override void Write(Utf8JsonWriter writer, EmbeddingValues value, JsonSerializerOptions options)
        {
            if (value.IsBase64)
            {
                writer.WriteBase64StringValue(Bytes(value.Values));
                return;
            }

            writer.WriteStartArray();
            foreach (var number in value.Values)
            {
                writer.WriteNumberValue(number);
            }

            writer.WriteEndArray();
        }

        private static byte[] Bytes(float[] values)
        {
            var bytes = new byte[values.Length * sizeof(float)];
            for (var i = 0; i < values.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            }

            return bytes;
        }
    }
}
