using System.Globalization;
using System.Text;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>PostgreSQL's templates of numbers, for to_char and to_number: 'FM999,990.00'.</summary>
/// <remarks>
/// Known are blanks, 9 0 . D , G FM S (at either end) MI PL SG PR. V, EEEE, RN, TH and L are refused (0A000). A number with more digits
/// before the point than the template has is shown as #, as in PostgreSQL.
/// </remarks>
internal sealed class NumberTemplate
{
    private readonly List<char> picture = [];
    private readonly bool fills = true;
    private readonly string sign = "";
    private readonly bool isSignFirst;

    public NumberTemplate(string template)
    {
        for (var i = 0; i < template.Length; i++)
        {
            var rest = template.AsSpan(i);
            if (rest.StartsWith("FM", StringComparison.OrdinalIgnoreCase))
            {
                fills = false;
                i++;
            }
            else if (rest.StartsWith("MI", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("PR", StringComparison.OrdinalIgnoreCase)
                || rest.StartsWith("PL", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("SG", StringComparison.OrdinalIgnoreCase))
            {
                sign = sign.Length == 0 ? rest[..2].ToString().ToUpperInvariant() : throw Error.NotSupported("More than one sign in a template of numbers");
                isSignFirst = picture.Count == 0;
                i++;
            }
            else if (rest[0] is 'S' or 's')
            {
                sign = sign.Length == 0 ? "S" : throw Error.NotSupported("More than one sign in a template of numbers");
                isSignFirst = picture.Count == 0;
            }
            else
            {
                picture.Add(char.ToUpperInvariant(rest[0]) switch
                {
                    '9' => '9',
                    '0' => '0',
                    '.' or 'D' => '.',
                    ',' or 'G' => ',',
                    ' ' => ' ',
                    _ => throw Error.NotSupported($"'{rest[0]}' in a template of numbers"),
                });
            }
        }

        if (picture.Count(c => c == '.') > 1)
        {
            throw Error.InvalidArgument("to_char", "the template has more than one point.");
        }
    }

    private int Decimals => picture.IndexOf('.') is >= 0 and var point ? picture.Skip(point + 1).Count(c => c is '9' or '0') : 0;

    private int Integers => picture.TakeWhile(c => c != '.').Count(c => c is '9' or '0');

    public string Format(decimal value)
    {
        var decimals = Decimals;
        var isOverflow = false;
        var text = "";
        if (decimals <= 28)
        {
            var rounded = decimal.Round(Math.Abs(value), decimals, MidpointRounding.AwayFromZero);
            text = rounded.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        }

        var whole = text.Split('.')[0].TrimStart('0');
        isOverflow = whole.Length > Integers;
        var isNegative = value < 0 && text.AsSpan().IndexOfAnyInRange('1', '9') >= 0;
        var digits = isOverflow ? new string('#', Integers) + new string('#', decimals) : whole.PadLeft(Integers, ' ') + (decimals > 0 ? text.Split('.')[1] : "");
        return WithSign(Fill(digits, decimals), isNegative);
    }

    /// <summary>Reads a number, whatever the template: digits, a point and a sign; all else is passed over.</summary>
    public static decimal Parse(string text)
    {
        var isNegative = text.Contains('-', StringComparison.Ordinal) || text.Contains('<', StringComparison.Ordinal);
        var number = new string([.. text.Where(c => char.IsAsciiDigit(c) || c == '.')]);
        if (number.Count(c => c == '.') > 1 || number.AsSpan().IndexOfAnyInRange('0', '9') < 0)
        {
            throw Error.InvalidText("numeric", text);
        }

        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? (isNegative ? -value : value) : throw Error.NumericOutOfRange("numeric");
    }

    /// <summary>Puts the digits into the picture.</summary>
    /// <param name="digits">One for each 9 and 0 of the picture; blanks where the number has none.</param>
    private string Fill(string digits, int decimals)
    {
        var target = new StringBuilder();
        var firstZero = picture.IndexOf('0') is >= 0 and var zero && (picture.IndexOf('.') < 0 || zero < picture.IndexOf('.')) ? zero : int.MaxValue;
        var next = 0;
        var isBegun = false;
        var point = picture.IndexOf('.');
        for (var i = 0; i < picture.Count; i++)
        {
            var c = picture[i];
            if (c == '.')
            {
                target.Append('.');
                isBegun = true;
                continue;
            }

            if (c == ' ')
            {
                target.Append(' ');
                continue;
            }

            if (c == ',')
            {
                target.Append(isBegun || i > firstZero ? "," : fills ? " " : "");
                continue;
            }

            var digit = digits[next++];
            if (digit != ' ')
            {
                isBegun = true;
                target.Append(digit);
            }
            else if (i >= firstZero)
            {
                isBegun = true;
                target.Append('0');
            }
            else
            {
                // A number without digits before the point shows a zero there only where there is no place for digits behind it.
                var isLastInteger = point < 0 && next == digits.Length;
                target.Append(isLastInteger ? "0" : fills ? " " : "");
            }
        }

        var shown = target.ToString();
        if (!fills && decimals > 0)
        {
            // FM drops zeros at the end that were not asked for by 0.
            var lastZero = picture.LastIndexOf('0');
            var kept = point + 1 + Math.Max(0, lastZero > point ? lastZero - point : 0);
            var end = shown.Length;
            var firstDecimal = shown.IndexOf('.') + 1;
            while (end > firstDecimal && shown[end - 1] == '0' && end - firstDecimal > kept - point - 1)
            {
                end--;
            }

            shown = shown[..end];
        }

        return shown;
    }

    private string WithSign(string shown, bool isNegative)
    {
        var body = shown.TrimStart(' ');
        var blanks = shown[..^body.Length];
        return sign switch
        {
            "S" => isSignFirst ? blanks + (isNegative ? "-" : "+") + body : shown + (isNegative ? "-" : "+"),
            "SG" => isSignFirst ? (isNegative ? "-" : "+") + shown : shown + (isNegative ? "-" : "+"),
            "MI" => isSignFirst ? (isNegative ? "-" : fills ? " " : "") + shown : shown + (isNegative ? "-" : fills ? " " : ""),
            "PL" => isSignFirst ? (isNegative ? " " : "+") + shown : shown + (isNegative ? " " : "+"),
            "PR" => isNegative ? blanks + "<" + body + ">" : fills ? " " + shown + " " : shown,
            _ => fills || isNegative ? blanks + (isNegative ? "-" : " ") + body : body,
        };
    }
}
