using System.Buffers.Binary;
using System.Text;

namespace Crescent.Tests.Checkpoints;

/// <summary>Safetensors files put together by hand.</summary>
internal static class SafetensorsBytes
{
    /// <summary>The length, the header as given, and as many bytes of data that count up.</summary>
    public static byte[] Make(string header, int dataBytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        for (var i = 0; i < dataBytes; i++)
        {
            file[8 + json.Length + i] = (byte)i;
        }

        return file;
    }

    /// <summary>A header's entry of bytes.</summary>
    public static string Entry(string name, int begin, int end, string type = "U8", int bytes = 1) =>
        $$"""
        "{{name}}":{"dtype":"{{type}}","shape":[{{(end - begin) / bytes}}],"data_offsets":[{{begin}},{{end}}]}
        """;
}
