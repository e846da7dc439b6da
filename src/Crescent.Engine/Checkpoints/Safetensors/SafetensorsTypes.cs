using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>Names and sizes of the element types.</summary>
public static class SafetensorsTypes
{
    private static readonly (SafetensorsType Type, byte[] Name)[] s_names =
        [.. Enum.GetValues<SafetensorsType>().Where(type => type != SafetensorsType.Unknown).Select(type => (type, Encoding.ASCII.GetBytes(type.Name())))];

    extension(SafetensorsType type)
    {
        /// <summary>The name as files have it.</summary>
        public string Name() => type == SafetensorsType.Bool ? "BOOL" : type.ToString();

        /// <summary>Bytes of one value.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The type is unknown.</exception>
        public int Bytes() => type switch
        {
            SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
            SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
            SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
            SafetensorsType.F8_E4M3 or SafetensorsType.F8_E5M2 or SafetensorsType.F8_E8M0 or SafetensorsType.I8 or SafetensorsType.U8 or SafetensorsType.Bool => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected a known type"),
        };
    }

    /// <summary>The type that the reader's string names; Unknown for other strings.</summary>
    internal static SafetensorsType Read(ref Utf8JsonReader reader)
    {
        foreach (var (type, name) in s_names)
        {
            if (reader.ValueTextEquals(name))
            {
                return type;
            }
        }

        return SafetensorsType.Unknown;
    }
}
