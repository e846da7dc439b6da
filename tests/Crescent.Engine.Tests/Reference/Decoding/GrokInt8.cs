namespace Crescent.Tests.Reference.Decoding;

/// <summary>Grok-1's 8-bit weights: [.., in, out] with scales [.., groups, out], the groups along the inputs.</summary>
internal static class GrokInt8
{
    /// <param name="codes">Signed bytes, [matrices, inputs, outputs].</param>
    /// <param name="scales">[matrices, groups, outputs].</param>
    public static double[] Decode(byte[] codes, int inputs, int outputs, double[] scales)
    {
        var matrices = codes.Length / (inputs * outputs);
        var groups = scales.Length / (matrices * outputs);
        var values = new double[codes.Length];
        for (var matrix = 0; matrix < matrices; matrix++)
        {
            for (var input = 0; input < inputs; input++)
            {
                for (var output = 0; output < outputs; output++)
                {
                    var group = input / (inputs / groups);
                    var at = (((matrix * inputs) + input) * outputs) + output;
                    values[at] = (sbyte)codes[at] * scales[(((matrix * groups) + group) * outputs) + output];
                }
            }
        }

        return values;
    }
}
