using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>A place for usage that is written as null while there is none.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct UsageSlot(Usage? Usage)
{
    internal sealed class Converter : JsonConverter<UsageSlot>
    {
        public override UsageSlot Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("usage is only written");

        public override void Write(Utf8JsonWriter writer, UsageSlot value, JsonSerializerOptions options)
        {
            if (value.Usage is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                JsonSerializer.Serialize(writer, value.Usage, OpenAiJson.Relaxed.Usage);
            }
        }
    }
}
