namespace KiwiCar.Listings.Pricing;

internal static class Cholesky
{
    /// <summary>Solves a·x = b.</summary>
    /// <param name="a">Symmetric and positive definite; only the lower half is read, and is overwritten.</param>
    public static double[] Solve(double[,] a, double[] b)
    {
        var n = b.Length;
        for (var j = 0; j < n; j++)
        {
            for (var k = 0; k < j; k++)
                for (var i = j; i < n; i++) a[i, j] -= a[i, k] * a[j, k];
            var root = Math.Sqrt(Math.Max(a[j, j], 1e-12));
            for (var i = j; i < n; i++) a[i, j] /= root;
        }
        var x = (double[])b.Clone();
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++) x[i] -= a[i, k] * x[k];
            x[i] /= a[i, i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++) x[i] -= a[k, i] * x[k];
            x[i] /= a[i, i];
        }
        return x;
    }
}
