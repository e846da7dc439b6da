namespace Crescent.Engine.Checkpoints.Safetensors;

/// <summary>The element types of safetensors files, spelled as the files spell them (but for BOOL).</summary>
public enum SafetensorsType
{
    /// <summary>A type this engine does not know. Its tensor is listed, with <see cref="SafetensorsTensor.TypeName"/>, and refused by whoever needs it.</summary>
    Unknown,
    F64,
    F32,
    F16,
    BF16,
    F8_E4M3,
    F8_E5M2,
    F8_E8M0,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}
