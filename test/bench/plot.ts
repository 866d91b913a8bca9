/**
 * Bar charts as SVG, by Apache ECharts: it draws SVG without a browser or a canvas, needs one package besides itself, and is kept by a
 * foundation (Apache-2.0).
 */
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** One group of bars for each label, a bar in it for each series; undefined: none. */
export interface Chart {
  readonly title: string;
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
}

/** Charts side by side, with one legend: all have series of the same names. */
export function drawCharts(charts: readonly Chart[]): string {
  const [width, height] = [charts.length * CHART_WIDTH, CHART_HEIGHT];
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
  drawing.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: ['#4477aa', '#ccbb44'],
    textStyle: { fontFamily: 'sans-serif' },
    legend: { bottom: 0 },
    title: charts.map(({ title }, index) => ({ text: title, left: left(index), top: 0, textStyle: { fontSize: 13 } })),
    grid: charts.map((_, index) => ({
      left: left(index),
      width: CHART_WIDTH - LABELS - VALUES,
      top: 28,
      bottom: 44,
    })),
    xAxis: charts.map((_, index) => ({ type: 'value', gridIndex: index, splitNumber: 4 })),
    yAxis: charts.map(({ labels }, index) => ({
      type: 'category',
      gridIndex: index,
      data: [...labels],
      inverse: true,
      axisLabel: { show: index === 0 || labels !== charts[0]?.labels },
    })),
    series: charts.flatMap(({ series }, index) =>
      series.map(({ name, values }) => ({
        type: 'bar',
        name,
        xAxisIndex: index,
        yAxisIndex: index,
        data: values.map((value) => value ?? '-'),
        label: { show: true, position: 'right', fontSize: 10 },
      })),
    ),
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg;
}

const CHART_WIDTH = 400;
const CHART_HEIGHT = 360;
/** Room on the left for the names, and on the right for figures. */
const LABELS = 120;
const VALUES = 40;

const left = (index: number): number => index * CHART_WIDTH + LABELS;
